import FleetModel

/// Who answers to a name, as the cluster's resolver would say it from inside a namespace.
struct ServiceDirectory {
  enum Answer: Equatable {
    /// A service by its position in the fleet; for a pod's own name behind a headless service also the pod's name.
    case service(Int, pod: String?)
    /// It looks like a name of the cluster, and nothing has it.
    case nowhere
    case outside
    /// Not decidable, or the machine itself: no call.
    case none
  }

  private struct Key: Hashable {
    var namespace: String
    var name: String
  }
  let fleet: Fleet
  /// The workloads behind each of the fleet's services.
  let backends: [[Int]]
  /// Services of which only the first workload was looked for.
  let cutShort: [Int]
  private let index: PlaceIndex
  private let services: [Key: Int]
  private let namespaces: Set<String>

  init(_ fleet: Fleet) {
    self.fleet = fleet
    let index = fleet.index
    self.index = index
    (backends, cutShort) = Self.backends(fleet, index)
    services = Dictionary(
      fleet.services.enumerated().map { (Key(namespace: $1.id.namespace, name: $1.id.name), $0) }
    ) { first, _ in first }
    namespaces = Set(fleet.namespaces.map(\.name))
      .union(fleet.services.lazy.map(\.id.namespace)).union(fleet.workloads.lazy.map(\.id.namespace))
  }

  func answer(_ host: String, from namespace: String) -> Answer {
    if HostName.isLocal(host) { return .none }
    if !host.utf8.contains(0x2E) {
      // Without a letter it is a time, a version or a number.
      guard HostName.hasLetter(host) else { return .none }
      return services[Key(namespace: namespace, name: host)].map { .service($0, pod: nil) } ?? .nowhere
    }
    if HostName.isIPv4(host) { return .outside }
    if let labels = HostName.clusterLabels(host) {
      return find(labels, from: namespace, inCluster: true) ?? .nowhere
    }
    guard HostName.hasLetter(host) else { return .none }
    let labels = host.split(separator: ".").map(String.init)
    if let found = find(labels, from: namespace, inCluster: false) { return found }
    if labels.count <= 3, let last = labels.last, namespaces.contains(last) { return .nowhere }
    return HostName.isPublic(host) ? .outside : .none
  }

  /// Services that select much the same pods would otherwise cost their product in time and memory.
  private static let mostLooks = 4_000_000

  private static func backends(_ fleet: Fleet, _ index: PlaceIndex) -> ([[Int]], [Int]) {
    var (looks, cutShort) = (0, [Int]())
    let backends = fleet.services.enumerated().map { position, service in
      looks += index.cost(ofWorkloadsBehind: service)
      if looks <= mostLooks { return index.workloads(behind: service) }
      cutShort.append(position)
      return index.firstWorkload(behind: service).map { [$0] } ?? []
    }
    return (backends, cutShort)
  }

  /// The workloads behind an answer, and whether the caller is one of them.
  func backend(_ position: Int, pod: String?, caller: Workload) -> (targets: [ObjectReference], isCaller: Bool) {
    let service = fleet.services[position]
    guard let pod else {
      if service.selects(caller) { return ([], true) }
      return (backends[position].map { fleet.workloads[$0].id }, false)
    }
    if service.selects(caller), Self.runs(pod, caller) { return ([], true) }
    let named = index.workloads(behind: service).first { Self.runs(pod, fleet.workloads[$0]) }
    return (named.map { [fleet.workloads[$0].id] } ?? [], false)
  }

  /// `NAME-0`, `NAME-1`, … or a pod's own host name.
  private static func runs(_ pod: String, _ workload: Workload) -> Bool {
    workload.pod.hostname == pod
      || (pod.hasPrefix(workload.id.name + "-") && Int(pod.dropFirst(workload.id.name.count + 1)) != nil)
  }

  /// `svc`, `svc.ns`, and with a headless service `pod.svc` and `pod.svc.ns`.
  private func find(_ labels: [String], from namespace: String, inCluster: Bool) -> Answer? {
    switch labels.count {
    case 1: return service(labels[0], namespace)
    case 2: return service(labels[0], labels[1]) ?? (inCluster ? nil : headless(labels[0], labels[1], namespace))
    case 3: return headless(labels[0], labels[1], labels[2])
    default: return nil
    }
  }

  private func service(_ name: String, _ namespace: String) -> Answer? {
    services[Key(namespace: namespace, name: name)].map { .service($0, pod: nil) }
  }

  private func headless(_ pod: String, _ name: String, _ namespace: String) -> Answer? {
    guard let position = services[Key(namespace: namespace, name: name)], fleet.services[position].headless else {
      return nil
    }
    return .service(position, pod: pod)
  }
}
