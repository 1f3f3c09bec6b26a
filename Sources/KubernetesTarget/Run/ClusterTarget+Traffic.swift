import Diagnostics
import FleetModel
import IntentModel
import KubernetesAPI
package import Trials

/// Counts of pods with a sidecar come from its Envoy; of those without one, from the stand-ins that say that they are
/// stand-ins. Of an application without a sidecar nothing is known.
extension ClusterTarget: TrafficSource {
  /// On pods of stand-ins: the port on which they tell their counters.
  package static let standinAnnotation = "bulkhead.dev/standin-port"

  package func snapshot() async throws -> TrafficSnapshot {
    try await readCounts()
    let entries = Set(settings.derivation.entries.map(\.id))
    return book.snapshot(revisions: revisions, entries: entries)
  }

  private func readCounts() async throws {
    let view = try await view()
    let pods = view.seen(document())
    guard hasDiscovery else { return try await readProxies(pods, view) }
    let statuses: [SidecarStatus]
    do {
      statuses = try await status()
    } catch let failure as APIFailure where ClusterTarget.isAway(failure) {
      // The server is away and comes back: until then nothing is news, which the gates notice in time.
      statuses = []
    }
    let byUID = Dictionary(statuses.map { ($0.uid, $0) }) { first, _ in first }
    let told = await standinCounts(pods, view)
    for pod in pods {
      if pod.posture.enrolled {
        // With a sidecar, the sidecar counts; the stand-in alone knows about the users that it plays.
        guard let status = byUID[pod.uid] else { continue }
        var counts = PodCounts(envoy: status.counters)
        counts.users = told[pod.uid]?.users
        book.enter(pod, counts)
      } else if let counts = told[pod.uid] {
        book.enter(pod, counts)
      }
    }
  }

  /// What stand-ins tell, by uid.
  func standinCounts(_ pods: [SeenPod], _ view: ClusterView) async -> [String: PodCounts] {
    let client = client
    let ports = Self.standinPorts(view)
    return await withTaskGroup(of: (uid: String, counts: PodCounts?).self) { group -> [String: PodCounts] in
      for pod in pods where pod.isReady {
        guard let port = ports[pod.uid] else { continue }
        group.addTask { (pod.uid, await Self.standinCounts(client, pod, port)) }
      }
      var told: [String: PodCounts] = [:]
      for await answer in group { told[answer.uid] = answer.counts }
      return told
    }
  }

  /// By uid.
  private static func standinPorts(_ view: ClusterView) -> [String: Int] {
    let ports = view.pods.compactMap { pod -> (String, Int)? in
      guard let uid = pod[path: "metadata", "uid"]?.string,
        let text = pod[path: "metadata", "annotations"]?[standinAnnotation]?.string, let port = Int(text),
        (1...65_535).contains(port)
      else { return nil }
      return (uid, port)
    }
    return Dictionary(ports) { first, _ in first }
  }

  private static func standinCounts(_ client: KubernetesClient, _ pod: SeenPod, _ port: Int) async -> PodCounts? {
    let path =
      "/api/v1/namespaces/\(pod.workload.namespace)/pods/\(pod.name):\(port)/proxy/.bulkhead/counters"
    guard let answer = try? await client.read(path) else { return nil }
    func tally(_ value: DocumentValue?) -> Tally {
      Tally(n: Tally.bounded(value?["n"]?.integer ?? 0), errors: Tally.bounded(value?["errors"]?.integer ?? 0))
    }
    var counts = PodCounts()
    counts.inbound = tally(answer["served"])
    for call in answer["calls"]?.elements ?? [] {
      guard let target = call["target"]?.string.flatMap(ObjectReference.init(parsing:)) else { continue }
      let service = ObjectReference(kind: "Service", namespace: target.namespace, name: target.name)
      counts.outbound[service] = tally(call)
    }
    if let users = answer["users"] { counts.users = tally(users) }
    return counts
  }

  /// Traffic that nobody sees judges nobody: better known before the first pod is changed.
  func usersAreSeen() async throws {
    let before = try await snapshot().allUsers
    let seen = try? await waited("users' requests", for: .seconds(15)) {
      try await snapshot().allUsers.n > before.n ? true : nil
    }
    if seen != true {
      settings.say(
        "no users' requests are seen yet: they are counted by the sidecars of what serves the outside, once it has some"
      )
    }
  }
}
