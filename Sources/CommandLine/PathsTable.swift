package import Breach
import Diagnostics
import FleetModel

/// The paths for people.
package struct PathsTable {
  private let analysis: BreachAnalysis
  private let colored: Bool
  private var graph: BreachGraph { analysis.graph }

  /// Rows of the table of workloads; JSON has them all.
  private static let mostWorkloads = 30

  package init(_ analysis: BreachAnalysis, colored: Bool) {
    self.analysis = analysis
    self.colored = colored
  }

  package var text: String {
    let total = Self.number(analysis.exposure.total)
    let head =
      "EXPOSURE  \(total)   what breakouts are expected to reach, in ordinary pods (docs/paths.md); "
      + "\(Self.number(analysis.exposureLeft)) with every mitigation there is\n"
    let parts = [
      section("WHO CONTRIBUTES", workloads), pathText, section("WHAT TO DO FIRST", sequence),
      section("THE CHEAPEST CUT", cut), beyond,
    ].compactMap(\.self)
    return ([head] + parts).joined(separator: "\n")
  }

  /// One line for standard error.
  package var summary: String {
    let solution = analysis.solution
    let how = solution.isExact ? "exact" : "at least \(solution.lowerBound)"
    return "\(graph.workloads.count) workloads, \(graph.edgeCount) edges, \(analysis.paths.count) paths shown; "
      + "the cut has \(solution.members.count) mitigations (\(how)) and removes "
      + Self.number(analysis.exposureRemovedTogether)
  }

  private func section(_ title: String, _ table: TextTable) -> String? {
    guard !table.rows.isEmpty else { return nil }
    return (colored ? TextColor.bold.paint(title) : title) + "\n" + table.rendered()
  }

  private var workloads: TextTable {
    let order = analysis.exposure.shares.enumerated().sorted {
      ($1.element.exposure, $0.offset) < ($0.element.exposure, $1.offset)
    }
    let shown = order.prefix(Self.mostWorkloads)
    var rows: [[TextTable.Cell]] = shown.map { _, share in
      [
        .init(share.workload.description), .init(Self.number(share.exposure)), .init(Self.percent(share.falls)),
        .init("\(share.blastRadius)", share.blastRadius == 0 ? .green : nil), .init(Self.number(share.value)),
      ]
    }
    if order.count > shown.count { rows.append([.init("… and \(order.count - shown.count) more (-o json)", .dim)]) }
    return TextTable(
      columns: ["WORKLOAD", "EXPOSURE", "FALLS", "PODS IN REACH", "VALUE IN REACH"], rows: rows, colored: colored)
  }

  private var pathText: String? {
    guard !analysis.paths.isEmpty else {
      return graph.all(.jewel).isEmpty
        ? "No attack path leads to a node or to the control plane; --jewel names what else is worth having.\n"
        : "No attack path leads to a crown jewel.\n"
    }
    let title = colored ? TextColor.bold.paint("ATTACK PATHS") : "ATTACK PATHS"
    let blocks = analysis.paths.map { path in
      let head = "\(label(path.from)) → \(label(path.to))  (\(Self.percent(path.probability)))\n"
      let steps = path.steps.map { step in
        let code = step.code.isEmpty ? step.kind.rawValue : "\(step.kind.rawValue) \(step.code)"
        let why = step.message.isEmpty ? "" : "  " + step.message.safeForTerminal
        return "  \(code.padding(18)) \(label(step.to))\(why)\n"
      }
      return head + steps.joined()
    }
    return title + "\n" + blocks.joined()
  }

  private func label(_ node: Int32) -> String { graph.nodes[Int(node)].label.safeForTerminal }

  /// What lowers exposure fastest; where a large fleet left no time for that, what each does alone.
  private var sequence: TextTable {
    let steps = analysis.sequence.steps
    guard !steps.isEmpty else {
      return TextTable(
        columns: ["MITIGATION", "WORKLOAD", "REMOVED BY IT ALONE"],
        rows: analysis.cuts.filter { $0.exposureRemoved ?? 0 > 0 }.prefix(20).map {
          [
            .init($0.mitigation.name), .init($0.mitigation.workload.description),
            .init(Self.number($0.exposureRemoved ?? 0)),
          ]
        }, colored: colored)
    }
    return TextTable(
      columns: ["MITIGATION", "WORKLOAD", "EXPOSURE LEFT", "REMOVED BY IT ALONE"],
      rows: steps.map { step in
        [
          .init(step.mitigation.name), .init(step.mitigation.workload.description),
          .init(Self.number(step.exposureLeft)), .init(Self.number(step.exposureRemoved)),
        ]
      }, colored: colored)
  }

  private var cut: TextTable {
    TextTable(
      columns: ["MITIGATION", "WORKLOAD", "EXPOSURE REMOVED BY IT ALONE"],
      rows: analysis.cuts.filter(\.isInCut).prefix(Self.mostWorkloads).map {
        [
          .init($0.mitigation.name), .init($0.mitigation.workload.description),
          .init($0.exposureRemoved.map(Self.number) ?? "not computed"),
        ]
      }, colored: colored)
  }

  private var beyond: String? {
    guard !analysis.solution.beyondCut.isEmpty else { return nil }
    let names = analysis.solution.beyondCut.prefix(20).map { label($0) }.joined(separator: ", ")
    let rest = analysis.solution.beyondCut.count - 20
    return "Reached by needed calls and other edges that no mitigation removes: \(names)"
      + (rest > 0 ? " and \(rest) more" : "") + "\n"
  }

  /// Three significant places are more than the constants behind them deserve.
  static func number(_ value: Double) -> String {
    let scale = value >= 100 ? 1.0 : value >= 10 ? 10.0 : 100.0
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }

  static func percent(_ share: Double) -> String {
    share > 0 && share < 0.001 ? "<0.1 %" : number(share * 100) + " %"
  }
}

extension String {
  fileprivate func padding(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
