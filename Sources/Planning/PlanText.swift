import FleetModel
import IntentModel
import Judgement

/// A plan as YAML for review in git. The same plan gives the same bytes, and they read back to an equal plan.
package struct PlanText: Sendable {
  package let text: String

  package init(_ plan: Plan) {
    var out = Lines()
    out.add(0, "apiVersion: \(ResourceText.apiVersion)")
    out.add(0, "kind: Plan")
    out.add(0, "spec:")
    out.add(2, "mesh: \(Lines.scalar(plan.mesh))")
    if let cluster = plan.cluster { out.add(2, "cluster: \(Lines.scalar(cluster))") }
    out.add(2, "capacity: \(plan.capacity)")
    out.add(2, "fleetDigest: \(Lines.scalar(plan.fleetDigest))")
    out.add(plan.gate, tolerance: plan.tolerance)
    out.list(2, "protected", plan.protected.map { Lines.scalar($0.description) })
    if let exposure = plan.exposure { out.add(exposure) }
    out.list(2, "notes", plan.notes.map { Lines.scalar($0) })
    if plan.waves.isEmpty { out.add(2, "waves: []") } else { out.add(2, "waves:") }
    for wave in plan.waves { out.add(wave) }
    if !plan.refusals.isEmpty { out.add(2, "refusals:") }
    for refusal in plan.refusals {
      out.add(2, "- workload: \(Lines.scalar(refusal.workload.description))")
      out.add(4, "action: \(refusal.action.rawValue)")
      out.add(4, "reason: \(Lines.scalar(refusal.reason))")
    }
    if !plan.observedCalls.isEmpty { out.add(2, "observedCalls:") }
    for call in plan.observedCalls { out.add(call) }
    if !plan.objects.isEmpty { out.add(2, "objects:") }
    for object in plan.objects { out.add(4, "\(Lines.scalar(object.name)): \(Lines.scalar(object.digest))") }
    text = out.text
  }

  /// The plan with its signature below.
  package static func signed(_ plan: Plan, _ signature: PlanSignature) -> String {
    PlanText(plan).text + """
      signature:
        algorithm: Ed25519
        publicKey: \(Lines.scalar(signature.publicKey))
        value: \(Lines.scalar(signature.value))

      """
  }
}

private struct Lines {
  var text = ""

  mutating func add(_ indentation: Int, _ line: String) {
    text += String(repeating: " ", count: indentation)
    text += line
    text += "\n"
  }

  mutating func list(_ indentation: Int, _ name: String, _ items: [String]) {
    guard !items.isEmpty else { return }
    add(indentation, "\(name):")
    for item in items { add(indentation, "- \(item)") }
  }

  mutating func add(_ gate: GateDeadline, tolerance: Double?) {
    let times = "deadlineSeconds: \(gate.seconds), holdSeconds: \(gate.holdSeconds)"
    let most = tolerance.map { ", tolerance: \($0)" } ?? ""
    add(2, "gate: {atDeadline: \(gate.decision.rawValue), \(times)\(most)}")
  }

  mutating func add(_ exposure: PlanExposure) {
    add(2, "exposure:")
    add(4, "before: \(exposure.before)")
    add(4, "after: \(exposure.after)")
    add(4, "integral: \(exposure.integral)")
    add(4, "lowerBound: \(exposure.lowerBound)")
    if !exposure.curve.isEmpty { add(4, "curve: [\(exposure.curve.map { "\($0)" }.joined(separator: ", "))]") }
  }

  mutating func add(_ wave: Wave) {
    add(2, "- name: \(Self.scalar(wave.name))")
    if let window = wave.window {
      add(4, "start: \(Self.scalar(window.start.description))")
      add(4, "end: \(Self.scalar(window.end.description))")
    }
    add(4, wave.steps.isEmpty ? "steps: []" : "steps:")
    for step in wave.steps {
      add(4, "- {workload: \(Self.scalar(step.workload.description)), action: \(step.action.rawValue)}")
    }
  }

  mutating func add(_ call: Call) {
    add(2, "- caller: \(Self.scalar(call.caller.description))")
    if let service = call.service { add(4, "service: \(Self.scalar(service.description))") }
    add(4, "host: \(Self.scalar(call.host))")
    add(4, "port: \(call.port)")
    add(4, "protocol: \(call.wireProtocol.rawValue)")
    list(4, "targets", call.targets.map { Self.scalar($0.description) })
    list(4, "seenIn", (call.observation?.sources ?? []).map { Self.scalar($0) })
  }

  /// Always quoted: no text can turn into a number, a truth value, an alias or a second line.
  static func scalar(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x20...0x7E, 0xA1...0xAC, 0xAE...0x1FFF, 0x2070...0xD7FF, 0xE000...0xFDCF, 0xFDF0...0xFEFE, 0xFF00...0xFFEF:
        result.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return result + "\""
  }
}
