import Diagnostics
import FleetModel
import KubernetesAPI
import StandinProtocol

/// What break-outs look for, and what known-bad attempts are aimed at: pods of Bulkhead's own that last as long as the
/// run does.
extension ClusterTarget {
  static let sceneryName = "bulkhead-scenery"
  private static let lifetime = 7_200

  func random() -> String { (0..<4).map { _ in String(UInt32.random(in: 0 ... .max), radix: 36) }.joined() }

  func probePod(_ name: String, in namespace: String, spec: DocumentValue) -> ProbePod {
    ProbePod(
      ObjectName(.pods, namespace: namespace, name: name), image: settings.images.standin ?? "",
      pullPolicy: settings.images.pullPolicy, spec: spec)
  }

  // MARK: - Scenery

  /// What is offered on a node, made anew where it has gone: without it every probe would seem to stay inside.
  /// - Parameter node: nil for whichever takes the pod.
  func scenery(on node: String?) async throws -> ProbeScenery {
    let known = node.flatMap { sceneries[$0] } ?? (node == nil ? sceneries.values.first : nil)
    if let known, let live = try await find(sceneryPod(of: known.secret)), ClusterView.isReady(live) { return known }
    if let known { try? await removePod(sceneryPod(of: known.secret)) }
    let secret = random()
    let name = sceneryPod(of: secret)
    _ = try await client.create(sceneryObject(name, secret: secret, on: node), as: name, request: random())
    let live = try await waited("the pod that offers what break-outs look for") { () -> DocumentValue? in
      let live = try await client.get(name)
      return ClusterView.isReady(live) ? live : nil
    }
    let scenery = ProbeScenery(
      node: live[path: "spec", "nodeName"]?.string ?? "", secret: secret,
      uid: live[path: "metadata", "uid"]?.string ?? "")
    sceneries[scenery.node] = scenery
    return scenery
  }

  private func sceneryPod(of secret: String) -> ObjectName {
    ObjectName(.pods, namespace: ClusterNames.namespace, name: "\(Self.sceneryName)-\(secret.prefix(8))")
  }

  private func sceneryObject(_ name: ObjectName, secret: String, on node: String?) -> DocumentValue {
    let own = { ProbeScenery.secret($0, of: secret) }
    let items = ["L03", "L18"].map { vector -> DocumentValue in
      let key = "\(ProbeScenery.flagAnnotation)\(vector.lowercased())"
      return .map([
        "path": .string(vector.lowercased()),
        "fieldRef": .map(["fieldPath": .string("metadata.annotations['\(key)']")]),
      ])
    }
    let volume = DocumentValue.map([
      "name": .string("flags"), "downwardAPI": .map(["items": .list(items), "defaultMode": .integer(0o400)]),
    ])
    var pod = probePod(
      name.name, in: ClusterNames.namespace,
      spec: .map([
        "hostNetwork": .bool(true), "automountServiceAccountToken": .bool(false), "nodeName": node.map { .string($0) },
        "volumes": .list([volume]),
      ]))
    (pod.role, pod.seconds, pod.mayBeReady) = (ProbeScenery.role, Self.lifetime, true)
    for vector in ["L03", "L18", "L20"] {
      pod.annotations["\(ProbeScenery.flagAnnotation)\(vector.lowercased())"] = own(vector)
    }
    let server = Self.server("127.0.0.1", ProbeScenery.port, own("L23"))
    pod.add(
      "scenery", staying: ["node", "--configuration", server],
      // A process of the node's, as most of them are: root, with a capability that an ordinary container lacks.
      context: .map([
        "runAsUser": .integer(0), "allowPrivilegeEscalation": .bool(false),
        "capabilities": .map(["drop": .texts(["ALL"]), "add": .texts(["SYS_PTRACE"])]),
      ]),
      mounts: [.map(["name": .string("flags"), "mountPath": .string("/flags"), "readOnly": .bool(true)])],
      variable: ("FLAG", own("L03")))
    return pod.object
  }

  static func server(_ address: String, _ port: Int, _ body: String) -> String {
    StandinText.of(NodeConfiguration(servers: [.init(address: address, port: port, body: body)]))
  }

  // MARK: - Short-lived pods

  /// Makes a pod, waits until it has tried what it is to try, and removes it.
  func outcome(of pod: ProbePod, within limit: Duration = .seconds(90)) async -> ProbePod.Ending {
    let ending: ProbePod.Ending
    do {
      _ = try lease.requireEpoch()
      _ = try await client.create(pod.object, as: pod.name, request: random())
      ending = try await waited("the end of \(pod.name)", for: limit) { pod.ending(try await client.get(pod.name)) }
    } catch let failure as APIFailure where failure.kind == .forbidden || failure.kind == .invalid {
      return .impossible("its pod is refused: \(failure.message.prefix(300))")
    } catch {
      ending = .impossible("\(error)".split(whereSeparator: \.isNewline).joined(separator: "; "))
    }
    // Also where the run is being ended: a new task is not cancelled.
    await Task { try? await self.removePod(pod.name) }.value
    return ending
  }

  func removePod(_ name: ObjectName) async throws {
    guard let live = try await find(name) else { return }
    _ = try await client.delete(name, precondition: Precondition(of: live.uidAlone), graceSeconds: 0)
  }

  /// Removes what a run that was killed, or that the cluster did not answer, has left of its probes, and all that this
  /// one has.
  func removeProbes() async throws {
    (sceneries, door) = ([:], nil)
    for place in namespaces + [ClusterNames.namespace] {
      for pod in try await client.list(.pods, namespace: place).items
      where pod[path: "metadata", "labels"]?[ProbePod.label] != nil && isOurs(pod) {
        guard let name = pod[path: "metadata", "name"]?.string else { continue }
        try await removePod(ObjectName(.pods, namespace: place, name: name))
      }
    }
    for place in namespaces {
      try await remove(ObjectName(.networkPolicies, namespace: place, name: Self.enforcementPolicy))
    }
  }
}

extension DocumentValue {
  /// The object's uid and nothing else, for a precondition that a status update does not void.
  var uidAlone: DocumentValue {
    .map(["metadata": .map(["uid": self[path: "metadata", "uid"]])])
  }
}
