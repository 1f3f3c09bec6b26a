import FleetModel

/// Who answers to a name, as the cluster's resolver would say it from inside a namespace.
struct ServiceDirectory {
  enum Answer: Equatable {
    case service(Service, [Workload])
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
  private let services: [Key: Service]
  private let backends: [ObjectReference: [Workload]]
  private let namespaces: Set<String>

  init(_ fleet: Fleet) {
    services = Dictionary(fleet.services.map { (Key(namespace: $0.id.namespace, name: $0.id.name), $0) }) { first, _ in
      first
    }
    backends = Self.backends(fleet)
    namespaces = Set(
      fleet.namespaces.map(\.name) + fleet.services.map(\.id.namespace) + fleet.workloads.map(\.id.namespace))
  }

  func workloads(behind service: Service) -> [Workload] { backends[service.id] ?? [] }

  func answer(_ host: String, from namespace: String) -> Answer {
    if HostName.isLocal(host) { return .none }
    if HostName.isIPv4(host) { return .outside }
    if let labels = HostName.clusterLabels(host) {
      return find(labels, from: namespace, inCluster: true) ?? .nowhere
    }
    let labels = host.split(separator: ".").map(String.init)
    // Without a letter it is a time, a version or a number.
    guard labels.contains(where: { $0.contains(where: \.isLetter) }) else { return .none }
    if let found = find(labels, from: namespace, inCluster: false) { return found }
    if labels.count == 1 { return .nowhere }
    if labels.count <= 3, let last = labels.last, namespaces.contains(last) { return .nowhere }
    return HostName.isPublic(host) ? .outside : .none
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
    services[Key(namespace: namespace, name: name)].map { .service($0, workloads(behind: $0)) }
  }

  /// The pod must be one of a workload behind the service: `NAME-0`, `NAME-1`, … or a pod's own host name.
  private func headless(_ pod: String, _ name: String, _ namespace: String) -> Answer? {
    guard let service = services[Key(namespace: namespace, name: name)], service.headless else { return nil }
    let owners = workloads(behind: service).filter { workload in
      workload.pod.hostname == pod
        || (pod.hasPrefix(workload.id.name + "-") && Int(pod.dropFirst(workload.id.name.count + 1)) != nil)
    }
    return .service(service, owners)
  }

  /// The workloads that each service selects, by an index over pod labels: linear, where comparing all would be square.
  private static func backends(_ fleet: Fleet) -> [ObjectReference: [Workload]] {
    struct Label: Hashable {
      var namespace: String
      var key: String
      var value: String
    }
    var byLabel: [Label: [Int]] = [:]
    for (index, workload) in fleet.workloads.enumerated() {
      for (key, value) in workload.podLabels {
        byLabel[Label(namespace: workload.id.namespace, key: key, value: value), default: []].append(index)
      }
    }
    var result: [ObjectReference: [Workload]] = [:]
    for service in fleet.services where !service.selector.isEmpty {
      let lists = service.selector.map { byLabel[Label(namespace: service.id.namespace, key: $0, value: $1)] ?? [] }
      let shortest = lists.min { $0.count < $1.count } ?? []
      result[service.id] = shortest.map { fleet.workloads[$0] }.filter { workload in
        service.selector.allSatisfy { workload.podLabels[$0.key] == $0.value }
      }
    }
    return result
  }
}
