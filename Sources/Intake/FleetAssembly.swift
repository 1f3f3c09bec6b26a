import Diagnostics
import FleetModel

/// Puts the objects of all documents together: duplicates, owners, imported environments, order.
struct FleetAssembly {
  var fleet = Fleet()
  private(set) var findings: [Finding] = []
  /// The lines of commands and arguments, for each of the fleet's workloads: see `ParsedWorkload`.
  private(set) var argumentLocations: [[[Int]]] = []

  init(_ objects: [KubernetesObject]) {
    var workloads: [ParsedWorkload] = []
    var sorted = SortedObjects()
    for object in unique(objects) {
      if case .workload(let parsed) = object.content { workloads.append(parsed) } else { sorted.add(object) }
    }
    sorted.fill(&fleet)
    let maps = Dictionary(fleet.configMaps.map { ($0.id, $0) }) { first, _ in first }
    let owners = OwnerResolution(workloads)
    let free = workloads.indices.filter { !owners.isOwned($0) }
      .sorted { workloads[$0].workload.id < workloads[$1].workload.id }
    findings += owners.findings
    argumentLocations = free.map { workloads[$0].argumentLines }
    fleet.workloads = free.map { withImports(workloads[$0], maps) }
    findings += LooseEnds(fleet).findings
  }

  /// Of objects with the same kind, namespace and name the last one counts, as it would after `kubectl apply`.
  private mutating func unique(_ objects: [KubernetesObject]) -> [KubernetesObject] {
    struct Key: Hashable {
      var id: ObjectReference
      var group: String
    }
    var last: [Key: Int] = [:]
    last.reserveCapacity(objects.count)
    var result: [KubernetesObject] = []
    result.reserveCapacity(objects.count)
    for object in objects {
      let key = Key(id: object.id, group: object.group)
      guard let earlier = last[key] else {
        last[key] = result.count
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

  /// `envFrom` comes before `env` and gives way to it.
  private func withImports(_ parsed: ParsedWorkload, _ maps: [ObjectReference: ConfigMap]) -> Workload {
    var workload = parsed.workload
    for item in parsed.environmentImports.reversed() {
      let id = ObjectReference(kind: "ConfigMap", namespace: workload.id.namespace, name: item.configMap)
      guard let map = maps[id] else { continue }
      workload.pod.withContainer(item.container) { container in
        let known = Set(container.environment.map(\.name))
        let imported = map.data.keys.sorted().filter { !known.contains(item.prefix + $0) }.map {
          EnvironmentVariable(
            name: item.prefix + $0, source: .configMap(name: map.id.name, key: $0), location: container.location)
        }
        container.environment = imported + container.environment
      }
    }
    return workload
  }
}

extension PodSpec {
  /// Changes one container, counted through init containers, ordinary and ephemeral ones.
  fileprivate mutating func withContainer(_ position: Int, _ change: (inout Container) -> Void) {
    let afterInitial = position - initContainers.count
    let afterOrdinary = afterInitial - containers.count
    if afterInitial < 0 {
      change(&initContainers[position])
    } else if afterOrdinary < 0 {
      change(&containers[afterInitial])
    } else if afterOrdinary < ephemeralContainers.count {
      change(&ephemeralContainers[afterOrdinary])
    }
  }
}

/// Every kind but workloads, gathered before they go into the fleet sorted.
private struct SortedObjects {
  private var fleet = Fleet()
  private var services: [Service] = []

  mutating func add(_ object: KubernetesObject) {
    switch object.content {
    case .workload: break
    // Apart from the fleet, whose lookups are forgotten at every change.
    case .service(let service): services.append(service)
    case .serviceAccount(let account): fleet.serviceAccounts.append(account)
    case .namespace(let namespace): fleet.namespaces.append(namespace)
    case .configMap(let map): fleet.configMaps.append(map)
    case .networkPolicy(let policy): fleet.networkPolicies.append(policy)
    case .secret(let secret): fleet.secrets.append(secret)
    case .role(let role): fleet.roles.append(role)
    case .roleBinding(let binding): fleet.roleBindings.append(binding)
    case .disruptionBudget(let budget): fleet.disruptionBudgets.append(budget)
    case .autoscaler(let autoscaler): fleet.autoscalers.append(autoscaler)
    case .ingress(let ingress): fleet.ingresses.append(ingress)
    case .adminPolicy(let policy): fleet.adminPolicies.append(policy)
    case .webhooks(let configuration): fleet.webhooks.append(configuration)
    case .persistentVolume(let volume): fleet.persistentVolumes.append(volume)
    case .claim(let claim): fleet.claims.append(claim)
    case .node(let node): fleet.nodes.append(node)
    case .custom(let custom): fleet.customObjects.append(custom)
    }
  }

  func fill(_ result: inout Fleet) {
    result = fleet
    result.services = services.sorted { $0.id < $1.id }
    result.serviceAccounts.sort { $0.id < $1.id }
    result.namespaces.sort { $0.name < $1.name }
    result.configMaps.sort { $0.id < $1.id }
    result.networkPolicies.sort { $0.id < $1.id }
    result.secrets.sort { $0.id < $1.id }
    result.roles.sort { $0.id < $1.id }
    result.roleBindings.sort { $0.id < $1.id }
    result.disruptionBudgets.sort { $0.id < $1.id }
    result.autoscalers.sort { $0.id < $1.id }
    result.ingresses.sort { $0.id < $1.id }
    result.adminPolicies.sort { $0.id < $1.id }
    result.webhooks.sort { $0.id < $1.id }
    result.persistentVolumes.sort { $0.id < $1.id }
    result.claims.sort { $0.id < $1.id }
    result.nodes.sort { $0.name < $1.name }
    result.customObjects.sort { ($0.id, $0.apiGroup) < ($1.id, $1.apiGroup) }
  }
}
