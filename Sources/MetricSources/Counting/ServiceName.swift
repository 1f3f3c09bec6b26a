import Judgement

/// A service as a question names it: `namespace/name`, or the name alone.
struct ServiceName: Equatable {
  var namespace: String?
  var name: String

  /// - Throws: for what can be no such name.
  init(_ text: String) throws(SourceProblem) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let isName = parts.allSatisfy { part in
      !part.isEmpty && part.utf8.count <= 253 && part.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
    }
    guard (1...2).contains(parts.count), isName else { throw SourceProblem("this is no service; write NAMESPACE/NAME") }
    name = parts[parts.count - 1]
    namespace = parts.count == 2 ? parts[0] : nil
  }
}

/// Which series belong to an arm, besides what the queries say themselves.
package struct ArmSelection: Sendable, Equatable {
  /// For both arms.
  package var both: [LabelMatcher]
  /// Instead of the queries' own way of telling the arms; nil for that one.
  package var baseline: [LabelMatcher]?
  package var canary: [LabelMatcher]?

  package init(both: [LabelMatcher] = [], baseline: [LabelMatcher]? = nil, canary: [LabelMatcher]? = nil) {
    self.both = both
    self.baseline = baseline
    self.canary = canary
  }

  func own(_ arm: Arm) -> [LabelMatcher]? { arm == .baseline ? baseline : canary }
}

extension MetricQueries {
  /// The conditions on the series of one arm.
  ///
  /// - Throws: where the queries cannot tell the arms and the user did not say.
  func matchers(
    _ service: ServiceName, _ arm: Arm, _ selection: ArmSelection
  ) throws(SourceProblem) -> [LabelMatcher] {
    var result = always
    if let label = namespace, let value = service.namespace { result.append(LabelMatcher(label, value)) }
    let workload = arm == .baseline ? service.name : service.name + "-canary"
    if let own = selection.own(arm) {
      result += own
    } else {
      switch self.arm {
      case .name(let label): result.append(LabelMatcher(label, workload))
      case .pod(let label): result.append(LabelMatcher(label, .podOfDeployment(workload)))
      case .none: throw SourceProblem("the queries '\(name)' cannot tell the arms; say by which label")
      }
    }
    return result + selection.both
  }

  /// A selector of all series that are needed, in PromQL.
  func selector(_ matchers: [LabelMatcher], latency: Bool) -> String {
    let metric = latency ? "__name__=~\"\(requests)|\(buckets)\"" : "__name__=\"\(requests)\""
    return "{\(([metric] + matchers.map(\.promQL)).joined(separator: ","))}"
  }
}
