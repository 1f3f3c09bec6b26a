package import Diagnostics
import IntentModel
import Judgement

/// Reads a file of kind `Requirements`.
package enum RequirementsFile {
  private static let longest = 1 << 20

  /// - Throws: `BulkheadError(.badInput)` with the file and line of the first thing that cannot be understood.
  package static func read(_ bytes: [UInt8], name: String) throws(BulkheadError) -> Requirements {
    let text = ResourceText(file: name, kind: "Requirements", help: "docs/requirements.md describes the fields")
    let root = try text.root(bytes, limit: longest).fields(["apiVersion", "kind", "metadata", "spec"])
    let spec = try root.required("spec").fields([
      "mesh", "features", "compliance", "objectives", "protected", "excluded", "pinned", "budgets", "crownJewels",
      "userGroups", "freezes", "waves", "gate", "disruptionBudgets",
    ])
    var result = Requirements()
    if let mesh = spec["mesh"] { result.mesh = try mesh.choice(Mesh.self) }
    if let level = spec["compliance"] { result.compliance = try level.choice(Requirements.Compliance.self) }
    if let policy = spec["disruptionBudgets"] {
      result.disruptionBudgets = try policy.choice(Requirements.BudgetPolicy.self)
    }
    try readFeatures(spec, &result)
    result.objectives = try list(spec["objectives"], objective)
    result.protected = try list(spec["protected"], workload)
    result.excluded = try list(spec["excluded"], exclusion)
    result.pinned = try list(spec["pinned"], pin)
    result.crownJewels = try list(spec["crownJewels"], workload)
    result.userGroups = try list(spec["userGroups"], userGroup)
    result.freezes = try list(spec["freezes"], freeze)
    if let budgets = spec["budgets"] { result.budgets = try self.budgets(budgets) }
    try readWaves(spec, &result)
    try readGate(spec, &result)
    return result
  }

  private static func list<Value>(
    _ node: ResourceNode?, _ read: (ResourceNode) throws(BulkheadError) -> Value
  ) throws(BulkheadError) -> [Value] {
    var values: [Value] = []
    for element in try node?.elements() ?? [] { values.append(try read(element)) }
    return values
  }

  private static func readFeatures(_ spec: ResourceNode, _ result: inout Requirements) throws(BulkheadError) {
    guard let features = spec["features"] else { return }
    result.features = Set(
      try list(features) { node throws(BulkheadError) in try node.choice(Requirements.Feature.self) })
    if result.compliance == .restricted, spec["compliance"] != nil, !result.features.contains(.hardening) {
      throw features.problem("compliance 'restricted' needs the feature 'hardening'")
    }
    if result.features.contains(.strictMutualTLS), !result.features.contains(.authorisation) {
      throw features.problem("'strictMutualTLS' alone lets every identity in; it needs 'authorisation'")
    }
  }

  private static func readWaves(_ spec: ResourceNode, _ result: inout Requirements) throws(BulkheadError) {
    if let waves = spec["waves"] {
      let waves = try waves.fields(["capacity", "start", "duration"])
      result.capacity = try waves["capacity"]?.whole(1...1_000_000)
      result.start = try waves["start"]?.time()
      if let duration = waves["duration"] {
        result.waveSeconds = try seconds(duration, 1...31_536_000)
      }
    }
    if !result.freezes.isEmpty, result.start == nil {
      throw (spec["freezes"] ?? spec).problem("freezes mean nothing without 'waves.start', when the rollout begins")
    }
  }

  private static func readGate(_ spec: ResourceNode, _ result: inout Requirements) throws(BulkheadError) {
    guard let gate = try spec["gate"]?.fields(["atDeadline", "deadline", "hold"]) else { return }
    if let decision = gate["atDeadline"] { result.gate.decision = try decision.choice(DeadlineDecision.self) }
    if let deadline = gate["deadline"] { result.gate.seconds = try seconds(deadline, 1...86_400) }
    if let hold = gate["hold"] { result.gate.holdSeconds = try seconds(hold, 0...604_800) }
  }

  private static func seconds(_ node: ResourceNode, _ range: ClosedRange<Int>) throws(BulkheadError) -> Int {
    let value = try node.amount([("min", 60), ("h", 3600), ("s", 1), ("d", 86_400)], example: "90s or 2h")
    guard value >= Double(range.lowerBound), value <= Double(range.upperBound) else {
      throw node.problem("it has to be between \(range.lowerBound)s and \(range.upperBound)s")
    }
    return Int(value)
  }

  private static func workload(_ node: ResourceNode) throws(BulkheadError) -> Requirements.Name {
    let text = try node.filled()
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
      throw node.problem("'\(text.prefix(80))' is no name; write namespace/name or namespace/name[Kind]")
    }
    return Requirements.Name(text: text, location: node.location)
  }

  private static func objective(_ node: ResourceNode) throws(BulkheadError) -> Requirements.Objective {
    let node = try node.fields(["service", "availability", "latency"])
    var result = Requirements.Objective(service: try workload(try node.required("service")))
    // In percent, because that is how people write it.
    result.availability = try node["availability"]?.number(50...99.9999)
    result.availability = result.availability.map { $0 / 100 }
    if let latency = node["latency"] {
      for (key, value) in try latency.fields(["p50", "p90", "p95", "p99"]).entries(limit: 4) {
        guard let percentile = Int(key.dropFirst()) else { continue }
        result.latency[percentile] = try value.amount([("ms", 1), ("s", 1000)], example: "300ms")
      }
    }
    return result
  }

  private static func exclusion(_ node: ResourceNode) throws(BulkheadError) -> Requirements.Exclusion {
    let node = try node.fields(["workload", "reason"])
    return Requirements.Exclusion(
      workload: try workload(try node.required("workload")), reason: try node.required("reason").filled())
  }

  private static func pin(_ node: ResourceNode) throws(BulkheadError) -> Requirements.Pin {
    let node = try node.fields(["workload", "wave"])
    let wave = try node.required("wave")
    let place: WaveRules.Pin =
      switch try wave.string() {
      case "first": .first
      case "last": .last
      default: .wave(try wave.whole(1...10_000))
      }
    return Requirements.Pin(workload: try workload(try node.required("workload")), place: place)
  }

  private static func userGroup(_ node: ResourceNode) throws(BulkheadError) -> Requirements.UserGroup {
    let node = try node.fields(["name", "entersAt"])
    return Requirements.UserGroup(
      name: try node.required("name").filled(), entersAt: try list(try node.required("entersAt"), workload))
  }

  private static func freeze(_ node: ResourceNode) throws(BulkheadError) -> Requirements.Freeze {
    let node = try node.fields(["from", "to", "reason", "workloads"])
    let start = try node.required("from").time()
    let end = try node["to"]?.time()
    if let end, end <= start { throw node.problem("a freeze has to end after it begins") }
    return Requirements.Freeze(
      start: start, end: end, reason: try node.required("reason").filled(),
      workloads: try list(node["workloads"], workload))
  }

  private static func budgets(_ node: ResourceNode) throws(BulkheadError) -> Requirements.Budgets {
    let node = try node.fields(["latency", "cpuPerPod", "memoryPerPod"])
    return Requirements.Budgets(
      latencyMilliseconds: try node["latency"]?.amount([("ms", 1), ("s", 1000)], example: "5ms"),
      cpuMillis: try node["cpuPerPod"]?.amount([("m", 1), ("", 1000)], example: "100m"),
      memoryBytes: try node["memoryPerPod"]?.amount(
        [("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824)], example: "128Mi"))
  }
}
