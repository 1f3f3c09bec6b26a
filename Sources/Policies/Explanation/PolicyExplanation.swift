package import FleetModel

/// Which rule of which layer lets a flow through, and why it is there.
package struct PolicyExplanation: Sendable, Equatable {
  package struct Step: Sendable, Equatable {
    /// Such as `network policy, egress`.
    package var layer: String
    /// Nil where the layer needs no rule for it.
    package var object: ObjectReference?
    /// The place within the object, such as `spec.egress[0]`.
    package var rule: String?
    package var says: String
  }
  package var from: ObjectReference
  package var to: ObjectReference
  package var port: Int
  package var transport: Transport
  /// False where no rule lets it through, because nothing shows that it is needed.
  package var isNeeded: Bool
  package var evidence: [FlowEvidence]
  package var steps: [Step]
  /// Decisions that concern it.
  package var decisions: [PolicyDecision]
}

extension PolicySet {
  package var explanations: [PolicyExplanation] {
    let explainer = FlowExplainer(self)
    return flows.map(explainer.explanation)
  }

  /// Why a call passes, or that nothing lets it through.
  package func explanation(
    from caller: ObjectReference, to target: ObjectReference, port: Int, transport: Transport = .tcp
  ) -> PolicyExplanation {
    if let flow = flows.first(where: {
      $0.caller == caller && $0.target == target && $0.port == port && $0.transport == transport
    }) {
      return FlowExplainer(self).explanation(flow)
    }
    let concerned = decisions.filter { decision in
      (decision.workload == target && decision.message.contains("\(caller)")) || decision.workload == caller
    }
    return PolicyExplanation(
      from: caller, to: target, port: port, transport: transport, isNeeded: false, evidence: [],
      steps: [], decisions: concerned)
  }
}
