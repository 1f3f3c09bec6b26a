import Diagnostics
import FleetModel
import IntentModel

/// Shared volumes and crown jewels.
extension BreachGraphBuilder {
  private struct Share: Hashable, Comparable {
    /// `claim NAMESPACE/NAME` or `path PATH`.
    var isClaim: Bool
    var namespace: String
    var name: String

    static func < (left: Share, right: Share) -> Bool {
      (left.isClaim ? 0 : 1, left.namespace, left.name) < (right.isClaim ? 0 : 1, right.namespace, right.name)
    }
  }

  /// Whoever may write a volume reaches whoever else mounts it.
  mutating func addVolumes() {
    var users: [Share: [(index: Int, writes: Bool)]] = [:]
    for index in pods.indices where runs(index) {
      guard !workloads[index].pod.volumes.isEmpty else { continue }
      for (share, writes) in shares(of: workloads[index]) { users[share, default: []].append((index, writes)) }
    }
    let reads = draft.reason(BreachReason(.volume, "", "mounts it"))
    for (share, members) in users.sorted(by: { $0.key < $1.key }) {
      guard members.count > 1, members.contains(where: \.writes) else { continue }
      let kind = share.isClaim ? "PersistentVolumeClaim" : "HostPath"
      let node = draft.add(
        BreachNode(.volume, ObjectReference(kind: kind, namespace: share.namespace, name: share.name)))
      if share.isClaim {
        hubs["claim \(share.namespace)/\(share.name)"] = node
      }
      let writes = draft.reason(
        BreachReason(
          .volume, share.isClaim ? "" : "L17",
          "may write \(share.isClaim ? "the claim" : "the node's folder") \(share.name)"))
      for member in members {
        // Hardening takes folders of the node away, claims stay.
        let set = share.isClaim ? 0 : steps.hardenSet(member.index, &draft)
        if member.writes { draft.connect(pods[member.index], node, reason: writes, set: set) }
        draft.connect(
          node, pods[member.index], reason: reads, probability: Self.sharingProbability, set: set)
      }
    }
  }

  private func shares(of workload: Workload) -> [(Share, Bool)] {
    var found: [Share: Bool] = [:]
    for volume in workload.pod.volumes {
      let share: Share
      switch volume.source {
      case .claim(let name): share = Share(isClaim: true, namespace: workload.id.namespace, name: name)
      case .hostPath(let path, _): share = Share(isClaim: false, namespace: "", name: path)
      default: continue
      }
      let mounts = workload.pod.allContainers.flatMap(\.mounts).filter { $0.volume == volume.name }
      guard !mounts.isEmpty else { continue }
      found[share] = (found[share] ?? false) || mounts.contains { !$0.readOnly }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// Workloads, services, secrets and claims that were named, or that have the label.
  mutating func addJewels() throws {
    var wanted: [ObjectReference: Double] = [:]
    for index in workloads.indices {
      for values in [workloads[index].labels, workloads[index].podLabels, workloads[index].annotations] {
        if let value = values[Self.jewelLabel] { mark(workloads[index].id, value, &wanted) }
      }
    }
    for secret in fleet.secrets {
      if let value = secret.labels[Self.jewelLabel] ?? secret.annotations[Self.jewelLabel] {
        mark(secret.id, value, &wanted)
      }
    }
    for service in fleet.services {
      if let value = service.annotations[Self.jewelLabel] { mark(service.id, value, &wanted) }
    }
    for name in options.jewels {
      for id in try named(name) { wanted[id] = max(wanted[id] ?? 0, Self.jewelValue) }
    }
    let users = wanted.keys.contains { position[$0] == nil } ? usersOfSecretsAndClaims(wanted) : [:]
    for (id, value) in wanted.sorted(by: { $0.key < $1.key }) { addJewel(id, value, users[id] ?? []) }
  }

  private func mark(_ id: ObjectReference, _ text: String, _ wanted: inout [ObjectReference: Double]) {
    guard text != "false" else { return }
    let value = Double(text).flatMap { $0.isFinite && $0 > 0 ? min($0, 1e9) : nil } ?? Self.jewelValue
    wanted[id] = max(wanted[id] ?? 0, value)
  }

  private func named(_ text: String) throws -> [ObjectReference] {
    let known =
      fleet.workloads.map(\.id) + fleet.services.map(\.id) + fleet.secrets.map(\.id) + fleet.claims.map(\.id)
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let exact = ObjectReference(parsing: text)
    let found = known.filter { id in
      exact == id || (exact == nil && parts.count == 2 && id.namespace == parts[0] && id.name == parts[1])
    }
    // A service that bears its workload's name means the workload.
    let workloads = found.filter { id in position[id] != nil }
    if exact == nil, !workloads.isEmpty { return workloads }
    guard !found.isEmpty else {
      throw BulkheadError(
        .usage, "there is no workload, service, secret or claim \(text.safeForTerminal) in the input",
        cure: "name it as namespace/name, or namespace/name[Kind]; `bulkhead survey` lists what there is")
    }
    return found
  }

  private mutating func addJewel(_ id: ObjectReference, _ value: Double, _ users: [Int]) {
    let jewel = draft.add(BreachNode(.jewel, id, value: value))
    func hold(_ node: Int32, _ message: String) { draft.connect(node, jewel, BreachReason(.holds, "", message)) }
    if let index = position[id] { return hold(pods[index], "is the crown jewel") }
    switch id.kind {
    case "Service":
      for index in services[id].map({ fleet.index.workloads(behind: $0) }) ?? [] where runs(index) {
        hold(pods[index], "serves the crown jewel")
      }
    case "Secret":
      hold(secretHub(id.namespace), "is the crown jewel")
      draft.connect(secretHub(nil), secretHub(id.namespace), BreachReason(.api, "", ""))
      for index in users { hold(pods[index], "has the secret") }
    default:
      for index in users { hold(pods[index], "mounts the crown jewel") }
    }
  }

  /// The workloads that run with each of the wanted secrets and claims, found in one pass.
  private func usersOfSecretsAndClaims(_ wanted: [ObjectReference: Double]) -> [ObjectReference: [Int]] {
    var users: [ObjectReference: [Int]] = [:]
    for index in pods.indices where runs(index) {
      let namespace = workloads[index].id.namespace
      var names = Self.secrets(of: workloads[index].pod).map {
        ObjectReference(kind: "Secret", namespace: namespace, name: $0)
      }
      for (share, _) in shares(of: workloads[index]) where share.isClaim {
        names.append(ObjectReference(kind: "PersistentVolumeClaim", namespace: namespace, name: share.name))
      }
      for id in names where wanted[id] != nil && users[id]?.last != index { users[id, default: []].append(index) }
    }
    return users
  }

  private static func secrets(of pod: PodSpec) -> [String] {
    var names: [String] = []
    for volume in pod.volumes {
      switch volume.source {
      case .secret(let name): names.append(name)
      case .projected(let projection): names += projection.secrets
      default: break
      }
    }
    for container in pod.allContainers {
      names += container.secretImports
      for variable in container.environment {
        if case .secret(let name, _) = variable.source { names.append(name) }
      }
    }
    return names
  }
}
