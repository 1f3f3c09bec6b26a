import Diagnostics
import FleetModel
import Foundation
import IntentModel
import Policies

/// The policies for programs: `bulkhead.policies/1`.
struct PoliciesDocument: Encodable {
  private var target: PolicyTarget
  private var objects: [ObjectEntry]
  private var patches: [PatchEntry]
  private var flows: [FlowEntry]
  private var outside: [OutsideEntry]
  private var decisions: [DecisionEntry]
  private var strict: [StrictEntry]
  private var leftAlone: [LeftEntry]
  private var findings: [Finding]
  private var segments: SegmentEntry
  private var traffic: TrafficEntry
  private var hardening: [HardeningEntry]

  struct ObjectEntry: Encodable {
    var apiVersion, kind, namespace, name, purpose, yaml: String
    var subject: ObjectReference
  }
  struct PatchEntry: Encodable {
    var workload: ObjectReference
    var why: [String]
    var yaml: String
  }
  struct RuleEntry: Encodable {
    var layer: String
    var object: ObjectReference?
    var rule: String?
    var says: String
  }
  struct FlowEntry: Encodable {
    var from, to: ObjectReference
    var port: Int
    var transport: Transport
    var needed: Bool
    var evidence: [FlowEvidence]
    var rules: [RuleEntry]
    var decisions: [DecisionEntry]?
  }
  struct OutsideEntry: Encodable {
    var from: ObjectReference
    var host: String
    var port: Int
    var evidence: FlowEvidence
  }
  struct DecisionEntry: Encodable {
    var kind: PolicyDecision.Kind
    var workload: ObjectReference
    var message: String
    var cuts: Bool
    var cure: String
    var evidence: [FlowEvidence]
  }
  struct StrictEntry: Encodable {
    var workload: ObjectReference
    var outcome: StrictVerdict.Outcome
    var basis: String
    var because: String?
    var exceptions: [Int]
    var callers: [CallerEntry]
  }
  struct CallerEntry: Encodable {
    var reason: PlaintextCaller.Reason
    var who: String
    var port: Int?
    var message: String
    var location: SourceLocation?
    var cure: String
  }
  struct LeftEntry: Encodable {
    var workload: ObjectReference
    var because: String
  }
  struct SegmentEntry: Encodable {
    struct Segment: Encodable {
      var name: String
      var members: [ObjectReference]
    }
    struct Crossing: Encodable {
      var from, to: String
      var calls: Int
    }
    var by: String
    var barriers: Int
    var segments: [Segment]
    var crossings: [Crossing]
  }
  struct TrafficEntry: Encodable {
    struct Setting: Encodable {
      var service: ObjectReference
      var balancing: TrafficSettings.Balancing
      var prefersOwnZone: Bool
      var timeoutMilliseconds: Int?
      var attempts: Int
      var perTryMilliseconds: Int?
      var retryBudgetPercent: Int
      var ejectAfterErrors: Int?
      var maxEjectionPercent: Int
      var maxConnections: Int
      var maxPendingRequests: Int?
      var basis: [String]
    }
    struct Observability: Encodable {
      var namespace, accessLogFilter: String
      var traceSamplingPercent: Double
      var basis: [String]
    }
    var amplificationLimit, worstAmplification: Int
    var worstService: ObjectReference?
    var services: [Setting]
    var observability: [Observability]
  }
  struct HardeningEntry: Encodable {
    struct Step: Encodable {
      var name, risk, yaml: String
      var changes: [HardeningChange]
    }
    var workload: ObjectReference
    var steps: [Step]
  }
}

extension PoliciesDocument {
  init(_ report: PoliciesReport) {
    let set = report.set
    target = set.target
    objects = set.objects.map {
      ObjectEntry(
        apiVersion: $0.apiVersion, kind: $0.id.kind, namespace: $0.id.namespace, name: $0.id.name,
        purpose: $0.purpose, yaml: $0.yaml, subject: $0.subject)
    }
    patches = set.patches.map { PatchEntry(workload: $0.workload, why: $0.why, yaml: YAMLText.document($0.manifest)) }
    flows = set.explanations.map(Self.flow)
    outside = set.outside.map { OutsideEntry(from: $0.caller, host: $0.host, port: $0.port, evidence: $0.evidence) }
    decisions = set.decisions.map(Self.decision)
    strict = set.strict.map { verdict in
      StrictEntry(
        workload: verdict.workload, outcome: verdict.outcome, basis: verdict.basis, because: verdict.because,
        exceptions: verdict.exceptions,
        callers: verdict.callers.map {
          CallerEntry(
            reason: $0.reason, who: $0.who, port: $0.port, message: $0.message, location: $0.location, cure: $0.cure)
        })
    }
    leftAlone = set.leftAlone.map { LeftEntry(workload: $0.workload, because: $0.because) }
    findings = set.findings
    segments = Self.segments(report.segmentation)
    traffic = Self.traffic(report.traffic)
    hardening = report.hardening.map { entry in
      HardeningEntry(
        workload: entry.workload,
        steps: entry.steps.map { .init(name: $0.name, risk: $0.risk, yaml: $0.yaml, changes: $0.changes) })
    }
  }

  private static func decision(_ decision: PolicyDecision) -> DecisionEntry {
    DecisionEntry(
      kind: decision.kind, workload: decision.workload, message: decision.message, cuts: decision.cuts,
      cure: decision.cure, evidence: decision.evidence)
  }

  private static func flow(_ flow: PolicyExplanation) -> FlowEntry {
    FlowEntry(
      from: flow.from, to: flow.to, port: flow.port, transport: flow.transport, needed: flow.isNeeded,
      evidence: flow.evidence,
      rules: flow.steps.map { RuleEntry(layer: $0.layer, object: $0.object, rule: $0.rule, says: $0.says) },
      decisions: flow.isNeeded ? nil : flow.decisions.map(decision))
  }

  private static func segments(_ segmentation: Segmentation) -> SegmentEntry {
    SegmentEntry(
      by: segmentation.by, barriers: segmentation.barriers,
      segments: segmentation.segments.map { .init(name: $0.name, members: $0.members) },
      crossings: segmentation.crossings.map { .init(from: $0.from, to: $0.to, calls: $0.calls) })
  }

  private static func traffic(_ plan: TrafficPlan) -> TrafficEntry {
    TrafficEntry(
      amplificationLimit: plan.amplificationLimit, worstAmplification: plan.worstAmplification,
      worstService: plan.worstService,
      services: plan.settings.map {
        .init(
          service: $0.service, balancing: $0.balancing, prefersOwnZone: $0.prefersOwnZone,
          timeoutMilliseconds: $0.timeoutMilliseconds, attempts: $0.attempts,
          perTryMilliseconds: $0.perTryMilliseconds, retryBudgetPercent: $0.retryBudgetPercent,
          ejectAfterErrors: $0.ejectAfterErrors, maxEjectionPercent: $0.maxEjectionPercent,
          maxConnections: $0.maxConnections, maxPendingRequests: $0.maxPendingRequests, basis: $0.basis)
      },
      observability: plan.observability.map {
        .init(
          namespace: $0.namespace, accessLogFilter: $0.accessLogFilter,
          traceSamplingPercent: $0.traceSamplingPercent, basis: $0.basis)
      })
  }

  func text() throws -> String { try Self.text(self, schema: "bulkhead.policies/1") }

  /// The answers to `--explain`: `bulkhead.policyExplanations/1`.
  static func text(_ answers: [PolicyExplanation]) throws -> String {
    struct Answers: Encodable { var flows: [FlowEntry] }
    return try text(Answers(flows: answers.map(flow)), schema: "bulkhead.policyExplanations/1")
  }

  /// JSON with `schema` first, keys in order, and a newline at the end.
  static func text(_ value: some Encodable, schema: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let body = String(decoding: try encoder.encode(value), as: UTF8.self)
    return "{\n  \"schema\" : \"\(schema)\",\n" + body.dropFirst(2) + "\n"
  }
}
