import FleetModel
import KubernetesAPI
import Policies

/// How long calls take, as the callers' proxies have measured it.
extension ClusterTarget {
  /// The calls of one workload to the services of another, by the uid of the caller's pods. A pod whose proxy does not
  /// answer is left out.
  func callDurations(_ caller: ObjectReference, _ target: ObjectReference) async throws -> [String: CallDuration] {
    guard let place = enrolment.statistics, let workload = fleet.workload(target) else { return [:] }
    let names = fleet.services(of: workload).flatMap { service in
      [service.id]
        + ["stable", "canary"].map { group in
          ObjectReference(kind: "Service", namespace: service.id.namespace, name: GatewaySplit.name(group, service.id))
        }
    }
    var durations: [String: CallDuration] = [:]
    for pod in try await view().seen(document()) where pod.workload == caller && pod.hasProxy && !pod.isLeaving {
      let path = "/api/v1/namespaces/\(caller.namespace)/pods/\(pod.name):\(place.port)/proxy/\(place.path)"
      guard let page = try? await client.page(path), let read = try? settings.readDurations(page) else { continue }
      durations[pod.uid] = names.reduce(CallDuration()) { sum, name in
        // Some proxies do not tell a service's namespace.
        let bare = ObjectReference(kind: name.kind, namespace: "", name: name.name)
        return sum + (read[name] ?? CallDuration()) + (read[bare] ?? CallDuration())
      }
    }
    return durations
  }
}
