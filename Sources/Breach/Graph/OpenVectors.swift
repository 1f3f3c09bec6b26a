import Diagnostics
import FleetModel
import IntentModel

/// A vector that is open in a pod, as an edge wants it.
struct OpenVector {
  var effect: VectorEffect
  var probability: Double
  var container: String?
  var reason: BreachReason
  var removedBy: Mitigation.Action
}

/// The vectors that become edges.
struct BreakoutRules {
  private struct Rule {
    var code: String
    var effect: VectorEffect
    var probability: Double
    var assess: @Sendable (EffectivePod, AuditContext) -> Assessment
  }
  private let rules: [Rule]
  private let countsUnknown: Bool

  init(_ vectors: [Vector], countsUnknown: Bool) {
    self.countsUnknown = countsUnknown
    rules = vectors.compactMap { vector -> Rule? in
      guard case .pod(let assess) = vector.rule else { return nil }
      let effect = VectorEffect.of(vector.code)
      let weight = VectorEffect.probability(vector.severity)
      // What needs more than the configuration (an unpatched kernel, a second flaw) is rated lower than high.
      guard effect != .nothing, weight >= VectorEffect.probability(.high) else { return nil }
      return Rule(code: vector.code, effect: effect, probability: weight, assess: assess)
    }
  }

  /// - Parameter hardened: the pod after the hardening step; asked for where something is open.
  func open(_ pod: EffectivePod, _ context: AuditContext, hardened: () -> EffectivePod) -> [OpenVector] {
    var found: [OpenVector] = []
    for rule in rules {
      var evidence: [Evidence] = []
      switch rule.assess(pod, context) {
      case .closed: continue
      case .open(let pieces): evidence = pieces
      case .unknown(let because):
        guard countsUnknown else { continue }
        evidence = [Evidence(message: "unknown, because \(because)", fix: "")]
      }
      // Hardening closes it; otherwise its own fix must, and for the cloud's credentials a network policy.
      let closes = rule.code != "K14" && rule.assess(hardened(), context) == .closed
      let action: Mitigation.Action = rule.code == "K14" ? .isolate : closes ? .harden : .fix(code: rule.code)
      found += evidence.map { piece in
        OpenVector(
          effect: rule.effect, probability: rule.probability, container: piece.container,
          reason: BreachReason(rule.effect == .entry ? .entry : .breakout, rule.code, piece.message),
          removedBy: action)
      }
    }
    return found
  }
}
