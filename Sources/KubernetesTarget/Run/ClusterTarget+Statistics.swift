import FleetModel
import IntentModel
import KubernetesAPI
import Trials

/// Counts of meshes that bring their own control plane: each pod's proxy is asked, through the API server. A proxy that
/// does not answer has counted nothing new, which gates notice in time.
extension ClusterTarget {
  /// At one time, so that neither the API server nor this program is busy with nothing else.
  private static let asked = 16

  func readProxies(_ pods: [SeenPod], _ view: ClusterView) async throws {
    let told = await standinCounts(pods, view)
    let counted = try await proxyCounts(pods.filter { $0.hasProxy && $0.posture.enrolled && !$0.isLeaving })
    for pod in pods {
      if var counts = counted[pod.uid] {
        counts.users = told[pod.uid]?.users
        book.enter(pod, counts)
      } else if let counts = told[pod.uid], !pod.posture.enrolled || enrolment.statistics == nil {
        book.enter(pod, counts)
      }
    }
  }

  /// By uid.
  private func proxyCounts(_ pods: [SeenPod]) async throws -> [String: PodCounts] {
    guard let place = enrolment.statistics else { return [:] }
    let (client, read) = (client, settings.readStatistics)
    var failure: String?
    let counted = try await withThrowingTaskGroup(of: (SeenPod, Result<PodCounts, any Error>).self) { group in
      func ask(_ pod: SeenPod) {
        group.addTask {
          let path = "/api/v1/namespaces/\(pod.workload.namespace)/pods/\(pod.name):\(place.port)/proxy/\(place.path)"
          do {
            return (pod, .success(try read(try await client.page(path)).placed(in: pod.workload.namespace)))
          } catch is CancellationError {
            throw CancellationError()
          } catch {
            return (pod, .failure(error))
          }
        }
      }
      var rest = pods.dropFirst(Self.asked)
      for pod in pods.prefix(Self.asked) { ask(pod) }
      var counted: [String: PodCounts] = [:]
      for try await (pod, answer) in group {
        switch answer {
        case .success(let counts): counted[pod.uid] = counts
        case .failure(let error): failure = "\(pod.name): \(error)"
        }
        if let pod = rest.popFirst() { ask(pod) }
      }
      return counted
    }
    if let failure, counted.isEmpty, !toldOfSilence {
      toldOfSilence = true
      settings.say("no proxy tells what it has counted, and gates will see no data: \(failure.prefix(300))")
    }
    return counted
  }
}

extension PodCounts {
  /// Services whose namespace the proxy did not tell are the pod's neighbours.
  fileprivate func placed(in namespace: String) -> PodCounts {
    var placed = self
    placed.outbound = [:]
    for (target, tally) in outbound {
      let own = target.namespace.isEmpty ? namespace : target.namespace
      placed.outbound[ObjectReference(kind: target.kind, namespace: own, name: target.name), default: Tally()] += tally
    }
    return placed
  }
}
