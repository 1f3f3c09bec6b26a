import Diagnostics
import FleetModel
import IntentModel
import Planning
import Trials

/// A plan for people: waves with their time and exposure, then steps, trials, refusals and notes.
struct PlanTable {
  private let plan: Plan
  private let trials: [[Trial]]
  private let colored: Bool

  init(_ plan: Plan, trials: [[Trial]] = [], colored: Bool = false) {
    self.plan = plan
    self.trials = trials
    self.colored = colored
  }

  var text: String {
    var text = PlanTimeline(plan, colored: colored).text + "\n"
    let rows = plan.waves.flatMap { wave in
      Self.gathered(wave.steps).map { workload, steps in
        [
          TextTable.Cell("\(wave.index + 1)"), .init(workload.description),
          .init(steps.map(\.action.rawValue).joined(separator: ", ")),
          .init(steps.map(\.undo).joined(separator: "; "), .dim),
        ]
      }
    }
    text += TextTable(columns: ["WAVE", "WORKLOAD", "STEPS", "UNDO"], rows: rows, colored: colored).rendered()
    let tried = zip(plan.waves, trials).flatMap { wave, trials in
      trials.map { [TextTable.Cell("\(wave.index + 1)"), .init($0.hypothesis)] }
    }
    if !tried.isEmpty {
      text += "\n" + TextTable(columns: ["WAVE", "TRIAL"], rows: tried, colored: colored).rendered()
    }
    if !plan.refusals.isEmpty { text += "\n" }
    for refusal in plan.refusals {
      let line = "refused: \(refusal.workload): \(refusal.action.rawValue), because \(refusal.reason)"
      text += (colored ? TextColor.yellow.paint(line.safeForTerminal) : line.safeForTerminal) + "\n"
    }
    for note in plan.notes { text += "note: \(note.safeForTerminal)\n" }
    return text
  }

  /// A workload's steps in one row, in the order in which workloads first occur.
  private static func gathered(_ steps: [Step]) -> [(ObjectReference, [Step])] {
    var rows: [(ObjectReference, [Step])] = []
    var place: [ObjectReference: Int] = [:]
    for step in steps {
      if let known = place[step.workload] {
        rows[known].1.append(step)
      } else {
        place[step.workload] = rows.count
        rows.append((step.workload, [step]))
      }
    }
    return rows
  }
}

/// The time line: one row a wave, with a bar for the exposure that is left after it.
struct PlanTimeline {
  private let plan: Plan
  private let colored: Bool
  private static let width = 40

  init(_ plan: Plan, colored: Bool = false) {
    self.plan = plan
    self.colored = colored
  }

  var text: String {
    let curve = plan.exposure?.curve ?? []
    let hasTimes = plan.waves.contains { $0.window != nil }
    var rows: [[TextTable.Cell]] = []
    if let first = curve.first { rows.append(row("before", nil, first, curve, hasTimes)) }
    for wave in plan.waves {
      let left = curve.indices.contains(wave.index + 1) ? curve[wave.index + 1] : nil
      rows.append(row(wave.name, wave.window, left, curve, hasTimes))
    }
    let columns = ["WAVE"] + (hasTimes ? ["START", "END"] : []) + (curve.isEmpty ? [] : ["EXPOSURE", ""])
    var text = TextTable(columns: columns, rows: rows, colored: colored).rendered()
    if let exposure = plan.exposure { text += Self.summary(exposure) + "\n" }
    return text
  }

  private func row(
    _ name: String, _ window: TimeWindow?, _ left: Double?, _ curve: [Double], _ hasTimes: Bool
  ) -> [TextTable.Cell] {
    var cells: [TextTable.Cell] = [.init(name)]
    if hasTimes { cells += [.init(window?.start.description ?? ""), .init(window?.end.description ?? "")] }
    guard !curve.isEmpty else { return cells }
    let top = curve.max() ?? 0
    let length = top > 0 ? Int(((left ?? 0) / top * Double(Self.width)).rounded()) : 0
    let bar = String(repeating: "█", count: max(0, min(Self.width, length)))
    return cells + [.init(left.map(Self.figure) ?? ""), .init(bar, .red)]
  }

  static func summary(_ exposure: PlanExposure) -> String {
    let gap = exposure.lowerBound > 0 ? figure(exposure.gap * 100) + " %" : "unknown"
    return
      "exposure \(figure(exposure.before)) → \(figure(exposure.after)); over the waves \(figure(exposure.integral))"
      + (exposure.lowerBound > 0 ? ", no order below \(figure(exposure.lowerBound)) (gap \(gap))" : "")
  }

  /// Four digits that count, without an exponent up to a billion.
  static func figure(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "\(value)" }
    let scale = abs(value) >= 1000 ? 1.0 : abs(value) >= 10 ? 10.0 : 1000.0
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
