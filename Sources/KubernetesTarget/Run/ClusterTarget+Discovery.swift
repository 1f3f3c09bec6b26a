import Diagnostics
import FleetModel
import Foundation
import Intake
import IntentModel
import KubernetesAPI
import Trials

/// The discovery server in the cluster, and what it is told.
extension ClusterTarget {
  /// Makes it, or brings it up to date, and waits until it serves.
  func installDiscovery() async throws {
    let namespace = ClusterNames.namespace
    let epoch = try lease.requireEpoch()
    try await refuseToLeaveNamespaces()
    let root = try await keys()
    for place in namespaces {
      let live = try await find(ObjectName(.namespaces, namespace: nil, name: place))
      namespaceUIDs[place] = live?[path: "metadata", "uid"]?.string
    }
    try await writeDocument()
    let objects = DiscoveryObjects(images: settings.images, plan: settings.planDigest, namespaces: namespaces)
    for (name, object) in objects.objects {
      let numbered = object.setting(["metadata", "annotations", ClusterNames.epoch], to: .string("\(epoch)"))
      _ = try await client.apply(numbered, to: name)
    }
    let service = ObjectName(.services, namespace: namespace, name: ClusterNames.discovery)
    discoveryAddress = try await waited("an address for \(service)") {
      try await client.get(service)[path: "spec", "clusterIP"]?.string.flatMap { CaptureText.isAddress($0) ? $0 : nil }
    }
    for place in namespaces { try await writeBootstrap(place, root) }
    try await replaceBrokenServer()
    try await waitForRollout(ObjectName(.deployments, namespace: namespace, name: ClusterNames.discovery))
  }

  /// A server that ended again and again is started anew by the kubelet after minutes only. It has all it needs now,
  /// and a new pod comes at once.
  private func replaceBrokenServer() async throws {
    for pod in try await client.list(.pods, namespace: ClusterNames.namespace).items {
      let metadata = pod["metadata"] ?? .null
      guard metadata["labels"]?["app"]?.string == ClusterNames.discovery, PodTrouble(of: pod)?.isHopeless == true,
        let name = metadata["name"]?.string, let uid = metadata["uid"]?.string
      else { continue }
      _ = try lease.requireEpoch()
      _ = try await client.delete(
        ObjectName(.pods, namespace: ClusterNames.namespace, name: name), precondition: Precondition(uid: uid))
    }
  }

  /// There is one discovery server: were it told of other namespaces, the sidecars of the present ones would be alone.
  private func refuseToLeaveNamespaces() async throws {
    let left = try await othersServed()
    guard left.isEmpty else {
      throw BulkheadError(
        .configuration, "the discovery server serves other namespaces: \(left.joined(separator: ", ").safeForTerminal)",
        cure: "take that rollout back first (bulkhead rollout undo), or make one plan for all of them")
    }
  }

  /// The namespaces that the discovery server serves beside the plan's, and that are still there.
  private func othersServed() async throws -> [String] {
    let name = ObjectName(.deployments, namespace: ClusterNames.namespace, name: ClusterNames.discovery)
    let container = try await find(name)?[path: "spec", "template", "spec", "containers"]?.elements.first
    let served = Set(DiscoveryObjects.namespaces(in: container?["args"]?.strings ?? []))
    var left: [String] = []
    for place in served.subtracting(namespaces).subtracting(goneNamespaces).sorted()
    where try await !client.isGone(namespace: place) {
      left.append(place)
    }
    return left
  }

  /// The authority's root; the keys are made where there are none.
  private func keys() async throws -> String {
    let name = ObjectName(.secrets, namespace: ClusterNames.namespace, name: ClusterNames.discovery)
    var live = try await find(name)
    if live == nil {
      let data = try settings.makeKeys()
      let object = DocumentValue.map([
        "apiVersion": .string("v1"), "kind": .string("Secret"), "type": .string("Opaque"),
        "metadata": .map([
          "name": .string(name.name), "namespace": .string(ClusterNames.namespace),
          "labels": .labels([ClusterNames.managedBy: ClusterNames.program]),
        ]),
        "data": .labels(data.mapValues { Data($0.utf8).base64EncodedString() }),
      ])
      live = try await client.create(object, as: name, request: "\(UInt64.random(in: 0 ... .max))")
    }
    let data = live?["data"]?.stringMap ?? [:]
    func text(_ key: String) -> String? {
      data[key].flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
    }
    guard let root = text("root.pem"), let key = text("status-key"), !key.isEmpty else {
      throw BulkheadError(
        .configuration, "the Secret \(name) does not hold the authority's keys",
        cure: "delete it if no workload is enrolled, and begin again")
    }
    statusKey = key
    return root
  }

  private func writeBootstrap(_ namespace: String, _ root: String) async throws {
    let name = ObjectName(.configMaps, namespace: namespace, name: ClusterNames.sidecarConfiguration)
    try await write(name, ["bootstrap.json": settings.bootstrap(discoveryAddress, root), "root.pem": root])
  }

  /// Tells the discovery server who calls whom and which faults last.
  func writeDocument() async throws {
    let name = ObjectName(.configMaps, namespace: ClusterNames.namespace, name: ClusterNames.meshDocument)
    try await write(name, [ClusterNames.meshDocumentKey: try document().text])
  }

  private func write(_ name: ObjectName, _ data: [String: String]) async throws {
    let object = DocumentValue.map([
      "apiVersion": .string("v1"), "kind": .string("ConfigMap"),
      "metadata": .map([
        "name": .string(name.name), "namespace": name.namespace.map { .string($0) },
        "labels": .labels([ClusterNames.managedBy: ClusterNames.program]),
        "annotations": .labels([
          ClusterNames.plan: settings.planDigest, ClusterNames.epoch: "\(try lease.requireEpoch())",
        ]),
      ]),
      "data": .labels(data),
    ])
    _ = try await client.apply(object, to: name)
  }

  // MARK: - How sidecars stand

  struct SidecarStatus: Sendable {
    var uid: String
    var standing: String
    var resource: String
    var isReady: Bool
    var counters: [String: Int]
  }

  /// What the discovery server says, through the API server.
  func status() async throws -> [SidecarStatus] {
    let answer = try await ask("status")
    guard answer["schema"]?.string == "bulkhead.meshStatus/1" else {
      throw BulkheadError(
        .targetUnreachable, "the discovery server's answer is not understood",
        cure: "kubectl -n bulkhead get pods; its image may be of another version")
    }
    return (answer["pods"]?.elements ?? []).map { pod in
      let counters = (pod["counters"]?.entries ?? []).compactMap { entry in
        entry.value.integer.map { (entry.key, Tally.bounded($0)) }
      }
      return SidecarStatus(
        uid: pod["uid"]?.string ?? "", standing: pod["standing"]?.string ?? "",
        resource: pod["resource"]?.string ?? "", isReady: pod["ready"]?.bool ?? false,
        counters: Dictionary(counters) { first, _ in first })
    }
  }

  /// Whether the API server, or nobody, answers in the discovery server's place: a node that died takes connections to
  /// it along without a word.
  static func isAway(_ failure: APIFailure) -> Bool { [.server, .other, .interrupted].contains(failure.kind) }

  func ask(_ path: String) async throws -> DocumentValue {
    let place = "/api/v1/namespaces/\(ClusterNames.namespace)/services/http:\(ClusterNames.discovery):status/proxy"
    do {
      return try await client.read("\(place)/\(statusKey)/\(path)")
    } catch var failure as APIFailure {
      // Errors end in journals and reports, where the key has no business.
      failure.place = failure.place.replacing(statusKey, with: "KEY")
      failure.message = failure.message.replacing(statusKey, with: "KEY")
      throw failure
    }
  }

  /// Waits until every ready sidecar runs with what it was offered last.
  func settled() async throws {
    guard hasDiscovery else { return }
    do {
      _ = try await waited("the sidecars' configuration", for: .seconds(60)) {
        // Right after a change the server may not have seen it yet, so that one quiet look proves little.
        let open = try await status().filter { $0.isReady && $0.standing != "current" }
        if let refused = open.first(where: { $0.standing == "refused" }) {
          throw BulkheadError(
            .unexpected, "a sidecar refused its \(refused.resource.safeForTerminal)",
            cure: "kubectl logs of its pod, container \(ClusterNames.proxy), says why")
        }
        return open.isEmpty ? true : nil
      }
    } catch let failure as APIFailure where ClusterTarget.isAway(failure) {
      settings.say("the discovery server does not answer; sidecars keep what they have (\(failure.message))")
    }
  }
}

extension ClusterTarget {
  /// What an undo needs to know beforehand: how the discovery server is reached. One that nobody has enrolled with need
  /// not come: its image may be why the run is taken back.
  package func prepareUndo() async throws {
    try await recallNamespaces()
    try await lookForGoneNamespaces()
    guard hasDiscovery else { return }
    var isNeeded = try await isAnyoneEnrolled()
    // Templates may be back already, and pods with sidecars not yet gone.
    for place in namespaces where !isNeeded {
      let pods = try await client.list(.pods, namespace: place, metadataOnly: true) { $0.value }
      isNeeded = pods.items.contains { $0[path: "metadata", "labels"]?[ClusterNames.revision] != nil }
    }
    guard isNeeded else {
      discoveryIsAnothers = try await !othersServed().isEmpty
      return
    }
    let name = ObjectName(.secrets, namespace: ClusterNames.namespace, name: ClusterNames.discovery)
    guard try await find(name) != nil else { return }
    try await installDiscovery()
  }

  /// Which namespaces were meant: one of the same name may have been made since.
  private func recallNamespaces() async throws {
    let name = ObjectName(.configMaps, namespace: ClusterNames.namespace, name: ClusterNames.meshDocument)
    guard let text = try await find(name)?[path: "data", ClusterNames.meshDocumentKey]?.string else { return }
    namespaceUIDs = (try? MeshDocument.read(text))?.namespaces ?? [:]
  }

  /// What was in a namespace went with it, and so did the rights there.
  func lookForGoneNamespaces() async throws {
    for place in namespaces where try await isGone(place) {
      goneNamespaces.insert(place)
      settings.say("the namespace \(place.safeForTerminal) is gone, and what was to be put back in it")
    }
  }

  func isGone(_ namespace: String) async throws -> Bool {
    try await client.isGone(namespace: namespace, uid: namespaceUIDs[namespace])
  }

  /// Whether a workload or a canary in the plan's namespaces is as a wave has made it.
  private func isAnyoneEnrolled() async throws -> Bool {
    for place in namespaces {
      for kind in WorkloadKinds.all {
        let isEnrolled = try await client.list(kind.resource, namespace: place).items.contains {
          $0[path: "spec", "template", "metadata", "labels"]?[ClusterNames.revision] != nil
        }
        if isEnrolled { return true }
      }
    }
    return false
  }

  /// Takes away what only served sidecars, once none of these namespaces has one. The namespace and the lease stay.
  /// - Returns: false where there is still one.
  package func uninstallDiscovery() async throws -> Bool {
    guard hasDiscovery else { return true }
    if discoveryIsAnothers { return false }
    try await lookForGoneNamespaces()
    if try await isAnyoneEnrolled() { return false }
    try await removeProbes()
    for place in namespaces {
      try await remove(ObjectName(.configMaps, namespace: place, name: ClusterNames.sidecarConfiguration))
    }
    let objects = DiscoveryObjects(images: settings.images, plan: settings.planDigest, namespaces: namespaces)
    for (name, _) in objects.objects.reversed() { try await remove(name) }
    let home = ClusterNames.namespace
    try await remove(ObjectName(.configMaps, namespace: home, name: ClusterNames.meshDocument))
    try await remove(ObjectName(.secrets, namespace: home, name: ClusterNames.discovery))
    return true
  }
}
