package import Breach
import Diagnostics
package import FleetModel
import Foundation
import KubernetesAPI
package import Rollout

/// What a break-out looks for, offered on one node.
struct Scenery: Sendable {
  var node: String
  var nonce: String
  var port: Int
}

/// Break-outs are tried by pods that live for seconds, beside the workload, with its account and its security context.
///
/// A probe needs something on the node that only those find who got there. That much is made for the loopback of the
/// node (L23), by a pod on the node's network; what would have to be planted in the node's files is left to the twin.
extension ClusterTarget: EscapeRange {
  package static let vectors = ["L23"]
  private static let sceneryPort = 15_919
  private static let sceneryName = "bulkhead-scenery"
  private static let label = "bulkhead.dev/probe"

  package func probeWeakened(_ vectors: [Vector]) async throws -> [ProbeRecord] {
    guard !vectors.isEmpty else { return [] }
    try await makeScenery()
    let weak = ObjectReference(kind: "Pod", namespace: "probe", name: "weakened")
    let spec = DocumentValue.map(["hostNetwork": .bool(true)])
    return try await run(vectors, of: weak, phase: .weakened, namespace: ClusterNames.namespace, spec, .mapping([]))
  }

  package func probe(
    _ vectors: [Vector], from workloads: [ObjectReference], phase: ProbeRecord.Phase
  ) async throws -> [ProbeRecord] {
    guard !vectors.isEmpty else { return [] }
    try await makeScenery()
    var records: [ProbeRecord] = []
    for id in workloads {
      // `after` looks at what the wave made: by then the workload's own template.
      let template = try await live(id)[path: "spec", "template", "spec"] ?? .mapping([])
      let keys: Set<String> = ["hostNetwork", "hostPID", "hostIPC", "serviceAccountName", "securityContext"]
      let spec = DocumentValue.mapping(template.entries.filter { keys.contains($0.key) })
      let own = template["containers"]?.elements.first { $0["name"]?.string?.hasPrefix(ClusterNames.prefix) != true }
      records += try await run(
        vectors, of: id, phase: phase, namespace: id.namespace, spec, own?["securityContext"] ?? .mapping([]))
    }
    return records
  }

  // MARK: - Scenery

  private var sceneryPod: ObjectName {
    ObjectName(.pods, namespace: ClusterNames.namespace, name: Self.sceneryName)
  }

  private func makeScenery() async throws {
    guard scenery == nil, let image = settings.images.standin else { return }
    await removeScenery()
    _ = try await waited("the end of \(sceneryPod)") { try await find(sceneryPod) == nil ? true : nil }
    let nonce = (0..<4).map { _ in String(UInt32.random(in: 0 ... .max), radix: 16) }.joined()
    let server = "{\"address\":\"127.0.0.1\",\"port\":\(Self.sceneryPort),\"path\":\"/\",\"body\":\"\(nonce)\"}"
    let command = ["node", "--configuration", "{\"sockets\":[],\"servers\":[\(server)]}"]
    let pod = pod(
      sceneryPod, image: image, arguments: command, spec: .map(["hostNetwork": .bool(true)]), context: .mapping([]),
      keepsInput: true)
    _ = try await client.create(pod, as: sceneryPod, request: nonce)
    let node = try await waited("the pod that offers what break-outs look for") {
      let live = try await client.get(sceneryPod)
      return ClusterView.isReady(live) ? live[path: "spec", "nodeName"]?.string : nil
    }
    scenery = Scenery(node: node, nonce: nonce, port: Self.sceneryPort)
  }

  func removeScenery() async {
    scenery = nil
    guard let live = try? await client.get(sceneryPod) else { return }
    _ = try? await client.delete(sceneryPod, precondition: Precondition(of: live.uidAlone), graceSeconds: 0)
  }

  // MARK: - Probes

  /// Removes what a run that was killed, or that the cluster did not answer, has left of its probes.
  func removeProbes() async throws {
    for place in namespaces {
      for pod in try await client.list(.pods, namespace: place).items
      where pod[path: "metadata", "labels"]?[Self.label] != nil {
        guard let name = pod[path: "metadata", "name"]?.string else { continue }
        try await remove(ObjectName(.pods, namespace: place, name: name))
      }
    }
    try await remove(sceneryPod)
  }

  private func run(
    _ vectors: [Vector], of workload: ObjectReference, phase: ProbeRecord.Phase, namespace: String,
    _ spec: DocumentValue, _ context: DocumentValue
  ) async throws -> [ProbeRecord] {
    guard let scenery, let image = settings.images.standin else {
      return vectors.map {
        ProbeRecord(vector: $0.code, workload: workload, phase: phase, result: .inconclusive, step: "no probe's image")
      }
    }
    let name = ObjectName(
      .pods, namespace: namespace, name: "bulkhead-probe-\(String(UInt32.random(in: 0 ... .max), radix: 36))")
    var arguments = ["probe", "--message", "/dev/termination-log"]
    for vector in vectors {
      arguments += ["--order", Self.order(vector.code, scenery)]
    }
    let placed = spec.merging(.map(["nodeName": .string(scenery.node)]))
    let pod = pod(name, image: image, arguments: arguments, spec: placed, context: context, keepsInput: false)
    _ = try await client.create(pod, as: name, request: scenery.nonce)
    let said: String?
    do {
      said = try await waited("the end of a probe from \(workload)", for: .seconds(90)) { try await message(name) }
    } catch let error as BulkheadError {
      said = ""
      settings.say(error.message)
    }
    let live = try? await client.get(name)
    if let live { _ = try? await client.delete(name, precondition: Precondition(of: live.uidAlone), graceSeconds: 0) }
    return vectors.map { Self.record($0.code, said ?? "", workload, phase) }
  }

  private static func order(_ code: String, _ scenery: Scenery) -> String {
    "{\"vector\":\"\(code)\",\"nonce\":\"\(scenery.nonce)\",\"facts\":{\"address\":\"127.0.0.1\","
      + "\"port\":\"\(scenery.port)\"}}"
  }

  /// What a probe that has ended left behind; nil while it runs.
  private func message(_ name: ObjectName) async throws -> String? {
    let live = try await client.get(name)
    let ended = live[path: "status", "containerStatuses"]?.elements.first?["state"]?["terminated"]
    return ended.map { $0["message"]?.string ?? "" }
  }

  private static func record(
    _ code: String, _ said: String, _ workload: ObjectReference, _ phase: ProbeRecord.Phase
  ) -> ProbeRecord {
    struct Outcome: Decodable {
      var vector: String
      var result: String
      var step: String
      var errno: String?
    }
    let outcomes = said.split(separator: "\n").prefix(100).compactMap {
      try? JSONDecoder().decode(Outcome.self, from: Data($0.utf8))
    }
    guard let outcome = outcomes.first(where: { $0.vector == code }) else {
      return ProbeRecord(
        vector: code, workload: workload, phase: phase, result: .inconclusive, step: "the probe said nothing")
    }
    return ProbeRecord(
      vector: code, workload: workload, phase: phase, result: .init(rawValue: outcome.result) ?? .inconclusive,
      step: outcome.step, errno: outcome.errno)
  }

  private func pod(
    _ name: ObjectName, image: String, arguments: [String], spec: DocumentValue, context: DocumentValue,
    keepsInput: Bool
  ) -> DocumentValue {
    let container = DocumentValue.map([
      "name": .string("probe"), "image": .string(image), "imagePullPolicy": .string(settings.images.pullPolicy),
      "command": .texts(["bulkhead-standin"]), "args": .texts(arguments), "stdin": keepsInput ? .bool(true) : nil,
      "securityContext": context,
      "resources": .map(["limits": .map(["memory": .string("64Mi")])]),
    ])
    return .map([
      "apiVersion": .string("v1"), "kind": .string("Pod"),
      "metadata": .map([
        "name": .string(name.name), "namespace": name.namespace.map { .string($0) },
        // No mesh is to take it in: a proxy would keep it from ending.
        "labels": .labels([
          ClusterNames.managedBy: ClusterNames.program, Self.label: "true", "sidecar.istio.io/inject": "false",
          "istio.io/dataplane-mode": "none",
        ]),
        "annotations": .labels([
          "sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled",
          "consul.hashicorp.com/connect-inject": "false",
        ]),
      ]),
      "spec": spec.merging(
        .map([
          "restartPolicy": .string("Never"), "terminationGracePeriodSeconds": .integer(0),
          // Ends by itself should nobody be left to remove it.
          "activeDeadlineSeconds": .integer(keepsInput ? 7_200 : 120), "containers": .list([container]),
        ])),
    ])
  }
}

extension DocumentValue {
  /// The object's uid and nothing else, for a precondition that a status update does not void.
  var uidAlone: DocumentValue {
    .map(["metadata": .map(["uid": self[path: "metadata", "uid"]])])
  }
}
