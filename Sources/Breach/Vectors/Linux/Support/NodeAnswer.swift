/// What is known of the half of a precondition that lies on the nodes.
enum NodeAnswer: Sendable, Equatable {
  /// It does not hold on any node.
  case no
  /// It holds; the text says what was seen, such as "kernel 5.10.90 lacks the fix of CVE-2022-0847".
  case yes(String)
  /// The input does not tell; the text completes "unknown, because …".
  case unknown(String)

  /// Both halves: `no` decides, then `unknown`.
  static func && (left: NodeAnswer, right: @autoclosure () -> NodeAnswer) -> NodeAnswer {
    if left == .no { return .no }
    switch (left, right()) {
    case (_, .no): return .no
    case (.unknown, _): return left
    case (.yes, let other): return other
    case (.no, _): return .no
    }
  }

  /// The worst of several nodes or flaws: `yes` decides, then `unknown`.
  static func worst(_ answers: some Sequence<NodeAnswer>) -> NodeAnswer {
    var worst = NodeAnswer.no
    for answer in answers {
      switch answer {
      case .yes: return answer
      case .unknown: if worst == .no { worst = answer }
      case .no: break
      }
    }
    return worst
  }

  /// The assessment where the half in the manifest holds.
  func assessment(_ evidence: (String) -> [Evidence]) -> Assessment {
    switch self {
    case .no: .closed
    case .unknown(let reason): .unknown(because: reason)
    case .yes(let seen): .from(evidence(seen))
    }
  }
}
