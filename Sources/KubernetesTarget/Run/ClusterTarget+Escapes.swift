package import Breach
import Diagnostics
package import FleetModel
import Foundation
package import IntentModel
import KubernetesAPI
import Planning
package import Rollout

/// Break-outs are tried by pods that live for seconds, beside the workload: with its account, its security context, its
/// namespaces and volumes of the node, its labels, and on a node where it runs.
extension ClusterTarget: EscapeRange {
  /// Those that a cluster with this mesh can show.
  package static func vectors(on mesh: Mesh) -> [String] {
    let all = ["K08", "K14", "L03", "L17", "L18", "L20", "L23", "L25"]
    // Hardening leaves them the token that Linkerd's proxy needs, so that nothing closes it.
    return mesh == .linkerd ? all.filter { $0 != "K08" } : all
  }

  /// One pod each: what opens one of these vectors opens none of the others.
  private static let weakenings = [["L03", "L23"], ["L17", "L18"], ["L20"], ["L25", "K08", "K14"]]

  package func probeWeakened(_ vectors: [Vector]) async throws -> [ProbeRecord] {
    guard !vectors.isEmpty else { return [] }
    try await removeProbes()
    let first = settings.plan.waves.flatMap(\.workloads).sorted().first
    var node: String?
    if let first { node = try await self.node(of: first) }
    let records = try await weakened(vectors, on: node)
    for record in records where record.result != .escaped {
      settings.say("break-out \(record.vector) is not counted here: its control did not get out (\(record.words))")
    }
    return records
  }

  package func probe(
    _ vectors: [Vector], from workloads: [ObjectReference], phase: ProbeRecord.Phase
  ) async throws -> [ProbeRecord] {
    guard !vectors.isEmpty else { return [] }
    var records: [ProbeRecord] = []
    // A few at a time, and on one node after another: a pod each is soon more than a node likes at once.
    var rest = workloads[...]
    while !rest.isEmpty {
      var batch: [(ObjectReference, ProbePod, counted: Set<String>)] = []
      for id in rest.prefix(4) {
        let (pod, counted) = try await probePod(vectors, of: id)
        batch.append((id, pod, counted))
      }
      rest = rest.dropFirst(4)
      records += await withTaskGroup(of: [ProbeRecord].self) { group -> [ProbeRecord] in
        for (id, pod, counted) in batch {
          group.addTask {
            let ending = await self.outcome(of: pod)
            return ProbeReading(vectors.map(\.code), of: id, phase: phase).records(ending, counted: counted, pod.node)
          }
        }
        var seen: [ProbeRecord] = []
        for await some in group { seen += some }
        return seen
      }
    }
    return records.sorted { ($0.workload, $0.vector) < ($1.workload, $1.vector) }
  }

  // MARK: - Controls of the probes

  /// Tries each vector from pods that are open to it, on a node.
  private func weakened(_ vectors: [Vector], on node: String?) async throws -> [ProbeRecord] {
    let scenery = try await scenery(on: node)
    let weak = ObjectReference(kind: "Pod", namespace: "probe", name: "weakened")
    let groups = Self.weakenings.map { codes in vectors.filter { codes.contains($0.code) } }.filter { !$0.isEmpty }
    let records = await withTaskGroup(of: [ProbeRecord].self) { group -> [ProbeRecord] in
      for opened in groups {
        let subject = ProbeSubject(weakenedFor: opened)
        let pod = self.probePod(
          opened, subject, in: ClusterNames.namespace, scenery, account: "\(ClusterNames.namespace):default")
        group.addTask {
          let ending = await self.outcome(of: pod, within: .seconds(60))
          return ProbeReading(opened.map(\.code), of: weak, phase: .weakened).records(ending)
        }
      }
      var seen: [ProbeRecord] = []
      for await some in group { seen += some }
      return seen
    }
    counted[scenery.node] = Set(records.filter { $0.result == .escaped }.map(\.vector))
    return records.sorted { $0.vector < $1.vector }
  }

  // MARK: - Pods

  /// - Returns: also the vectors whose controls got out on its node.
  private func probePod(_ vectors: [Vector], of id: ObjectReference) async throws -> (ProbePod, Set<String>) {
    let node = try await node(of: id)
    let scenery = try await scenery(on: node)
    if counted[scenery.node] == nil { _ = try await weakened(vectors, on: scenery.node) }
    // `after` looks at what the wave made: by then the workload's own template.
    let live = try await live(id)
    let subject = ProbeSubject(template: live[path: "spec", "template"] ?? .mapping([]))
    let name = subject.spec["serviceAccountName"]?.string ?? "default"
    var pod = probePod(vectors, subject, in: id.namespace, scenery, account: "\(id.namespace):\(name)")
    pod.owner = try await probeOwner(in: id.namespace)
    // The controller of a DaemonSet would take a pod that is nobody's for one of its own, and delete one of the two.
    if pod.owner == nil, try !kindAndName(id).kind.hasCanaryBeside { pod.labels = [:] }
    return (pod, counted[scenery.node] ?? [])
  }

  private func probePod(
    _ vectors: [Vector], _ subject: ProbeSubject, in namespace: String, _ scenery: ProbeScenery, account: String
  ) -> ProbePod {
    var pod = probePod(
      "bulkhead-probe-\(random())", in: namespace,
      spec: subject.spec.merging(.map(["nodeName": .string(scenery.node)])))
    (pod.labels, pod.annotations) = (subject.labels, subject.annotations)
    // It comes first, so that it is there before anybody looks for it.
    let beside = subject.places.dropFirst().first ?? subject.places.first
    pod.add(
      ProbePod.neighbour, staying: ["idle"], context: beside?.securityContext ?? .mapping([]),
      variable: ("FLAG", ProbeScenery.secret("L25", of: scenery.secret)))
    for place in subject.places {
      pod.add(place, orders: vectors.map { scenery.order($0.code, from: place, of: subject, account: account) })
    }
    return pod
  }

  /// Where a pod of the workload runs, so that what it has mounted of its node is there; one with scenery if there is.
  func node(of id: ObjectReference) async throws -> String? {
    let names = Set(try await view().seen(document()).filter { $0.workload == id && $0.isReady }.map(\.uid))
    let nodes = try await view().pods.filter { names.contains($0[path: "metadata", "uid"]?.string ?? "") }
      .compactMap { $0[path: "spec", "nodeName"]?.string }.sorted()
    return nodes.first { sceneries[$0] != nil } ?? nodes.first
  }

  /// What is ours in an enrolled namespace, and goes when the rollout is undone. As the pod's controller it keeps
  /// others from taking the pod for theirs, whose labels it has.
  func probeOwner(in namespace: String) async throws -> DocumentValue? {
    let name = ObjectName(.configMaps, namespace: namespace, name: ClusterNames.sidecarConfiguration)
    guard hasDiscovery, let uid = try await find(name)?[path: "metadata", "uid"]?.string else { return nil }
    return .map([
      "apiVersion": .string("v1"), "kind": .string("ConfigMap"), "name": .string(name.name), "uid": .string(uid),
      "controller": .bool(true),
    ])
  }
}

extension ProbePod {
  fileprivate var node: String { spec["nodeName"]?.string ?? "" }
}

extension ProbeRecord {
  fileprivate var words: String { [step, errno].compactMap(\.self).joined(separator: " ") }
}
