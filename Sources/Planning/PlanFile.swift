package import Diagnostics
package import FleetModel
import IntentModel
import Judgement

/// A plan read from a file, with the lines its parts stand on.
package struct PlanFile: Sendable {
  package let plan: Plan
  package let signature: PlanSignature?
  package let name: String
  /// The line of each wave, and of each step in it.
  let waveLines: [Int]
  let stepLines: [[Int]]

  private static let longest = 16 << 20
  private static let help =
    "write a plan with `bulkhead plan -f manifests/ -o yaml`; docs/planning.md describes the file"

  /// Reads a plan and checks the rules that hold for every plan, whatever its fleet.
  /// - Throws: `BulkheadError(.badInput)` with the file and line: of what cannot be understood, or of the step that
  ///   breaks a rule, which is named.
  package static func read(_ bytes: [UInt8], name: String) throws(BulkheadError) -> PlanFile {
    let text = ResourceText(file: name, kind: "Plan", help: help)
    let root = try text.root(bytes, limit: longest).fields(["apiVersion", "kind", "metadata", "spec", "signature"])
    var reader = PlanReader()
    let plan = try reader.plan(try root.required("spec"))
    let file = PlanFile(
      plan: plan, signature: try root["signature"].map { node throws(BulkheadError) in try signature(node) },
      name: name, waveLines: reader.waveLines, stepLines: reader.stepLines)
    if let breach = PlanCheck(plan).breaches(limit: 1).first { throw file.refused(breach) }
    return file
  }

  private static func signature(_ node: ResourceNode) throws(BulkheadError) -> PlanSignature {
    let node = try node.fields(["algorithm", "publicKey", "value"])
    let algorithm = try node.required("algorithm")
    guard try algorithm.string() == "Ed25519" else { throw algorithm.problem("only Ed25519 is known") }
    return PlanSignature(
      publicKey: try node.required("publicKey").filled(), value: try node.required("value").filled())
  }

  /// The error for a rule that the plan breaks, at its line.
  package func refused(_ breach: PlanBreach) -> BulkheadError {
    var line = 0
    if let wave = breach.wave, waveLines.indices.contains(wave) {
      line = waveLines[wave]
      if let step = breach.step, stepLines[wave].indices.contains(step) { line = stepLines[wave][step] }
    }
    return BulkheadError(
      .badInput, "the plan breaks the rule '\(breach.rule.title)': \(breach.message.safeForTerminal)",
      cure: "undo the edit, or plan anew", location: SourceLocation(file: name.safeForTerminal, line: line))
  }

  /// Checks the plan against the fleet it is to be carried out on: the digest first, then every rule.
  /// - Throws: `BulkheadError(.badInput)` naming the objects that changed, or the first step that breaks a rule.
  package func check(_ fleet: Fleet, rules: WaveRules = WaveRules(), cluster: String? = nil) throws(BulkheadError) {
    if let wanted = plan.cluster, let cluster, wanted != cluster {
      throw BulkheadError(
        .badInput,
        "the plan is for the cluster \(wanted.safeForTerminal), not for \(cluster.safeForTerminal)",
        cure: "choose the other cluster, or plan anew for this one", location: SourceLocation(file: name, line: 0))
    }
    guard plan.fleetDigest == FleetDigest.of(fleet) else {
      throw BulkheadError(
        .badInput, "the fleet is not the one that was planned: \(FleetChange(plan, fleet).text)",
        cure: "plan anew, or with --replan to see what changes", location: SourceLocation(file: name, line: 0))
    }
    if let breach = PlanCheck(plan).breaches(fleet: fleet, rules: rules, limit: 1).first { throw refused(breach) }
  }
}

/// What is different between the fleet that was planned and another.
package struct FleetChange: Sendable, Equatable {
  package private(set) var added: [String] = []
  package private(set) var removed: [String] = []
  package private(set) var changed: [String] = []

  package init(_ plan: Plan, _ fleet: Fleet) {
    let old = Dictionary(plan.objects.map { ($0.name, $0.digest) }) { first, _ in first }
    let new = FleetDigest.objects(of: fleet)
    let names = Set(new.map(\.name))
    for object in new {
      switch old[object.name] {
      case nil: added.append(object.name)
      case object.digest: continue
      default: changed.append(object.name)
      }
    }
    removed = plan.objects.map(\.name).filter { !names.contains($0) }.sorted()
  }

  package var text: String {
    let parts = [("changed", changed), ("new", added), ("gone", removed)].compactMap { title, names -> String? in
      guard !names.isEmpty else { return nil }
      let shown = names.prefix(10).map(\.safeForTerminal).joined(separator: ", ")
      return "\(title): \(shown)" + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }
    return parts.isEmpty ? "its objects are the same, but the digest was edited" : parts.joined(separator: "; ")
  }
}

private struct PlanReader {
  var waveLines: [Int] = []
  var stepLines: [[Int]] = []
  private var postures: [ObjectReference: Posture] = [:]

  mutating func plan(_ node: ResourceNode) throws(BulkheadError) -> Plan {
    let spec = try node.fields([
      "mesh", "cluster", "capacity", "fleetDigest", "gate", "protected", "exposure", "notes", "waves", "refusals",
      "observedCalls", "objects",
    ])
    let mesh = try spec.required("mesh").choice(Mesh.self)
    let digest = try spec.required("fleetDigest")
    let text = try digest.string()
    guard text.utf8.count == 64, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { throw digest.problem("'spec.fleetDigest' has to be 64 hexadecimal digits") }
    var waves: [Wave] = []
    for element in try spec.required("waves").elements(limit: 100_000) { waves.append(try wave(element, waves.count)) }
    var plan = Plan(mesh: mesh.rawValue, fleetDigest: text, waves: waves, refusals: try refusals(spec))
    plan.cluster = try spec["cluster"]?.filled()
    plan.capacity = try spec.required("capacity").whole(0...1_000_000)
    if let gate = spec["gate"] { (plan.gate, plan.tolerance) = try self.gate(gate) }
    for name in try spec["protected"]?.elements(limit: 300_000) ?? [] { plan.protected.append(try reference(name)) }
    if let exposure = spec["exposure"] { plan.exposure = try self.exposure(exposure) }
    for note in try spec["notes"]?.elements(limit: 100_000) ?? [] { plan.notes.append(try note.string()) }
    for call in try spec["observedCalls"]?.elements(limit: 1_000_000) ?? [] {
      plan.observedCalls.append(try observedCall(call))
    }
    for (name, digest) in try spec["objects"]?.entries(limit: 1_000_000) ?? [] {
      plan.objects.append(ObjectDigest(name: name, digest: try digest.string()))
    }
    return plan
  }

  private mutating func wave(_ node: ResourceNode, _ index: Int) throws(BulkheadError) -> Wave {
    let node = try node.fields(["name", "start", "end", "steps"])
    var steps: [Step] = []
    var lines: [Int] = []
    for element in try node.required("steps").elements(limit: 600_000) {
      let step = try element.fields(["workload", "action"])
      let id = try reference(try step.required("workload"))
      let action = try step.required("action").choice(StepAction.self)
      let before = postures[id] ?? .untouched
      let after = action.applied(to: before)
      postures[id] = after
      steps.append(Step(workload: id, action: action, before: before, after: after, wave: index))
      lines.append(element.line)
    }
    waveLines.append(node.line)
    stepLines.append(lines)
    var window: TimeWindow?
    if let start = node["start"] {
      let end = try node.required("end")
      window = TimeWindow(start: try start.time(), end: try end.time())
      guard let window, window.start < window.end else { throw end.problem("the wave ends before it starts") }
    }
    return Wave(
      index: index, name: try node.required("name").filled(), workloads: Set(steps.map(\.workload)).sorted(),
      steps: steps, window: window)
  }

  private func reference(_ node: ResourceNode) throws(BulkheadError) -> ObjectReference {
    let text = try node.string()
    guard let id = ObjectReference(parsing: text) else {
      throw node.problem("'\(text.prefix(80))' is no name; write namespace/name[Kind]")
    }
    return id
  }

  private func observedCall(_ node: ResourceNode) throws(BulkheadError) -> Call {
    let node = try node.fields(["caller", "service", "host", "port", "protocol", "targets", "seenIn"])
    var (targets, sources): ([ObjectReference], [String]) = ([], [])
    for target in try node["targets"]?.elements(limit: 10_000) ?? [] { targets.append(try reference(target)) }
    for source in try node["seenIn"]?.elements(limit: 1_000) ?? [] { sources.append(try source.string()) }
    return Call(
      caller: try reference(try node.required("caller")),
      service: try node["service"].map { node throws(BulkheadError) in try reference(node) },
      host: try node.required("host").string(), port: try node.required("port").whole(0...65_535),
      target: targets.first, others: Array(targets.dropFirst()),
      wireProtocol: try node.required("protocol").choice(WireProtocol.self),
      evidence: .observed(Call.Observation(sources: sources)))
  }

  private func refusals(_ spec: ResourceNode) throws(BulkheadError) -> [Refusal] {
    var refusals: [Refusal] = []
    for element in try spec["refusals"]?.elements(limit: 300_000) ?? [] {
      let node = try element.fields(["workload", "action", "reason"])
      refusals.append(
        Refusal(
          workload: try reference(try node.required("workload")),
          action: try node.required("action").choice(StepAction.self), reason: try node.required("reason").string()))
    }
    return refusals
  }

  private func gate(_ node: ResourceNode) throws(BulkheadError) -> (GateDeadline, tolerance: Double?) {
    let node = try node.fields(["atDeadline", "deadlineSeconds", "holdSeconds", "tolerance"])
    var gate = GateDeadline()
    gate.decision = try node["atDeadline"]?.choice(DeadlineDecision.self) ?? gate.decision
    gate.seconds = try node["deadlineSeconds"]?.whole(1...86_400) ?? gate.seconds
    gate.holdSeconds = try node["holdSeconds"]?.whole(0...604_800) ?? gate.holdSeconds
    return (gate, try node["tolerance"]?.number(0...1))
  }

  private func exposure(_ node: ResourceNode) throws(BulkheadError) -> PlanExposure {
    let node = try node.fields(["before", "after", "integral", "lowerBound", "curve"])
    func figure(_ name: String) throws(BulkheadError) -> Double { try node.required(name).number(0...1e18) }
    var curve: [Double] = []
    for element in try node["curve"]?.elements(limit: 100_001) ?? [] { curve.append(try element.number(0...1e18)) }
    return PlanExposure(
      before: try figure("before"), after: try figure("after"), integral: try figure("integral"),
      lowerBound: try figure("lowerBound"), curve: curve)
  }
}
