import Diagnostics
import FleetModel

/// Puts the objects of all documents together: duplicates, owners, imported environments, order.
struct FleetAssembly {
  var fleet = Fleet()
  private(set) var findings: [Finding] = []
  private(set) var argumentLocations: [SourceLocation: [SourceLocation]] = [:]

  init(_ objects: [KubernetesObject]) {
    var workloads: [ParsedWorkload] = []
    for object in unique(objects) {
      switch object {
      case .workload(let parsed): workloads.append(parsed)
      case .service(let service): fleet.services.append(service)
      case .serviceAccount(let account): fleet.serviceAccounts.append(account)
      case .namespace(let namespace): fleet.namespaces.append(namespace)
      case .configMap(let map): fleet.configMaps.append(map)
      case .networkPolicy(let policy): fleet.networkPolicies.append(policy)
      }
    }
    let maps = Dictionary(fleet.configMaps.map { ($0.id, $0) }) { first, _ in first }
    for parsed in withoutOwned(workloads) {
      argumentLocations.merge(parsed.argumentLocations) { first, _ in first }
      fleet.workloads.append(withImports(parsed, maps))
    }
    fleet.workloads.sort { $0.id < $1.id }
    fleet.services.sort { $0.id < $1.id }
    fleet.serviceAccounts.sort { $0.id < $1.id }
    fleet.namespaces.sort { $0.name < $1.name }
    fleet.configMaps.sort { $0.id < $1.id }
    fleet.networkPolicies.sort { $0.id < $1.id }
  }

  /// Of objects with the same kind, namespace and name the last one counts, as it would after `kubectl apply`.
  private mutating func unique(_ objects: [KubernetesObject]) -> [KubernetesObject] {
    var last: [ObjectReference: Int] = [:]
    var result: [KubernetesObject] = []
    for object in objects {
      guard let earlier = last[object.id] else {
        last[object.id] = result.count
        result.append(object)
        continue
      }
      findings.append(
        IntakeCode.duplicate.finding(
          .low, "defined before at \(result[earlier].location); the last definition counts, as with kubectl apply",
          fix: "keep one of the two", resource: object.id.description, at: object.location))
      result[earlier] = object
    }
    return result
  }

  /// Pods and replica sets whose owner is in the input are its doing, not workloads of their own.
  private mutating func withoutOwned(_ workloads: [ParsedWorkload]) -> [ParsedWorkload] {
    let byID = Dictionary(workloads.map { ($0.workload.id, $0) }) { first, _ in first }
    func owner(of parsed: ParsedWorkload) -> ParsedWorkload? {
      parsed.owners.lazy.compactMap {
        byID[ObjectReference(kind: $0.kind, namespace: parsed.workload.id.namespace, name: $0.name)]
      }.first
    }
    return workloads.filter { parsed in
      guard var current = owner(of: parsed) else { return true }
      var seen: Set<ObjectReference> = [parsed.workload.id]
      while seen.insert(current.workload.id).inserted {
        guard let next = owner(of: current) else { return false }
        current = next
      }
      findings.append(
        IntakeCode.ownedTwice.finding(
          .medium, "its owner references lead back to where they began; it counts as unowned",
          fix: "remove the wrong ownerReference", resource: parsed.workload.id.description,
          at: parsed.workload.location))
      return true
    }
  }

  /// `envFrom` comes before `env` and gives way to it.
  private func withImports(_ parsed: ParsedWorkload, _ maps: [ObjectReference: ConfigMap]) -> Workload {
    var workload = parsed.workload
    for item in parsed.environmentImports.reversed() {
      let id = ObjectReference(kind: "ConfigMap", namespace: workload.id.namespace, name: item.configMap)
      guard let map = maps[id] else { continue }
      func add(_ container: inout Container) {
        guard container.location == item.container else { return }
        let known = Set(container.environment.map(\.name))
        let imported = map.data.keys.sorted().filter { !known.contains(item.prefix + $0) }.map {
          EnvironmentVariable(
            name: item.prefix + $0, source: .configMap(name: map.id.name, key: $0), location: item.container)
        }
        container.environment = imported + container.environment
      }
      for index in workload.pod.containers.indices { add(&workload.pod.containers[index]) }
      for index in workload.pod.initContainers.indices { add(&workload.pod.initContainers[index]) }
    }
    return workload
  }
}
