/// Workloads and services by reference and by label, as positions in the fleet's arrays. Each question costs no more
/// than its answer and the shortest list of candidates; making the index is linear in the labels.
package final class PlaceIndex: Sendable {
  private struct Label: Hashable {
    var namespace: String
    var key: String
    var value: String
  }

  private let workloads: [Workload]
  private let services: [Service]
  private let workloadPositions: [ObjectReference: Int]
  private let servicePositions: [ObjectReference: Int]
  private let byNamespace: [String: [Int]]
  private let byLabel: [Label: [Int]]
  /// Services by one label of their selector: the first by key.
  private let bySelector: [Label: [Int]]

  init(_ workloads: [Workload], _ services: [Service]) {
    self.workloads = workloads
    self.services = services
    workloadPositions = Dictionary(zip(workloads.map(\.id), workloads.indices)) { first, _ in first }
    servicePositions = Dictionary(zip(services.map(\.id), services.indices)) { first, _ in first }
    var byNamespace: [String: [Int]] = [:]
    var byLabel: [Label: [Int]] = [:]
    for (position, workload) in workloads.enumerated() {
      byNamespace[workload.id.namespace, default: []].append(position)
      for (key, value) in workload.podLabels {
        byLabel[Label(namespace: workload.id.namespace, key: key, value: value), default: []].append(position)
      }
    }
    self.byNamespace = byNamespace
    self.byLabel = byLabel
    var bySelector: [Label: [Int]] = [:]
    for (position, service) in services.enumerated() {
      guard let first = service.selector.min(by: { $0.key < $1.key }) else { continue }
      let label = Label(namespace: service.id.namespace, key: first.key, value: first.value)
      bySelector[label, default: []].append(position)
    }
    self.bySelector = bySelector
  }

  package func workload(_ id: ObjectReference) -> Int? { workloadPositions[id] }
  package func service(_ id: ObjectReference) -> Int? { servicePositions[id] }

  /// In the fleet's order; none for a service without a selector.
  package func workloads(behind service: Service) -> [Int] {
    candidates(service).filter { service.selects(workloads[$0]) }
  }

  /// How many workloads a question for those behind a service looks at.
  package func cost(ofWorkloadsBehind service: Service) -> Int { candidates(service).count }

  /// The first of them in the fleet's order, without making the list.
  package func firstWorkload(behind service: Service) -> Int? {
    candidates(service).first { service.selects(workloads[$0]) }
  }

  /// In the fleet's order; none for a workload that is not in the fleet.
  package func services(of workload: Workload) -> [Int] {
    guard workloadPositions[workload.id] != nil else { return [] }
    var found: [Int] = []
    for (key, value) in workload.podLabels {
      let label = Label(namespace: workload.id.namespace, key: key, value: value)
      for position in bySelector[label] ?? [] where services[position].selects(workload) { found.append(position) }
    }
    return found.sorted()
  }

  /// The workloads of a namespace, in the fleet's order.
  package func workloads(in namespace: String) -> [Int] { byNamespace[namespace] ?? [] }

  /// The workloads of a namespace whose pods a selector matches, in the fleet's order.
  package func workloads(in namespace: String, matching selector: LabelSelector) -> [Int] {
    candidates(namespace, selector).filter { selector.matches(workloads[$0].podLabels) }
  }

  /// Every workload that can match, and few others: the shortest list that one requirement's values leave.
  package func candidates(_ namespace: String, _ selector: LabelSelector) -> [Int] {
    var shortest = byNamespace[namespace] ?? []
    for requirement in selector.requirements where requirement.operation == .isIn {
      let lists = Set(requirement.values).map {
        byLabel[Label(namespace: namespace, key: requirement.key, value: $0)] ?? []
      }
      guard lists.reduce(0, { $0 + $1.count }) < shortest.count else { continue }
      shortest = lists.count == 1 ? lists[0] : lists.flatMap(\.self).sorted()
    }
    return shortest
  }

  private func candidates(_ service: Service) -> [Int] {
    var shortest: [Int]?
    for (key, value) in service.selector {
      let list = byLabel[Label(namespace: service.id.namespace, key: key, value: value)] ?? []
      if list.count < shortest?.count ?? Int.max { shortest = list }
    }
    return shortest ?? []
  }
}

extension Service {
  /// True when the workload's pods are behind it.
  package func selects(_ workload: Workload) -> Bool {
    guard !selector.isEmpty, id.namespace == workload.id.namespace else { return false }
    return selector.allSatisfy { workload.podLabels[$0.key] == $0.value }
  }
}

/// Calls by their ends, as positions in the fleet's array.
final class CallIndex: Sendable {
  private let byCaller: [ObjectReference: [Int]]
  private let byTarget: [ObjectReference: [Int]]

  init(_ calls: [Call]) {
    var byCaller: [ObjectReference: [Int]] = [:]
    var byTarget: [ObjectReference: [Int]] = [:]
    for (position, call) in calls.enumerated() {
      byCaller[call.caller, default: []].append(position)
      for target in call.targets { byTarget[target, default: []].append(position) }
    }
    self.byCaller = byCaller
    self.byTarget = byTarget
  }

  func from(_ caller: ObjectReference) -> [Int] { byCaller[caller] ?? [] }
  func to(_ target: ObjectReference) -> [Int] { byTarget[target] ?? [] }
}
