import Diagnostics
import FleetModel
import Reachability

/// Reachability for people.
struct ReachTable {
  private let fleet: Fleet
  private let exposures: [OutsideExposure]
  private let colored: Bool
  private var connections: [[TextTable.Cell]] = []
  private var peers = 0
  private var left = 0

  /// More lines than anybody reads; `-o json` gives all.
  static let limit = 20_000

  init(_ rows: ReachRows, _ exposures: [OutsideExposure], _ fleet: Fleet, colored: Bool) {
    self.fleet = fleet
    self.exposures = exposures
    self.colored = colored
    peers = rows.peerNames.count
    var lines: [[TextTable.Cell]] = []
    var left = 0
    rows.forEachSource { from, rows in
      for row in rows {
        guard lines.count < Self.limit else {
          left += rows.count
          return
        }
        lines.append([.init(from), .init(row.to), .init(row.ports.description, row.ports.isAll ? .yellow : nil)])
      }
    }
    connections = lines
    self.left = left
  }

  var text: String {
    var parts: [String] = []
    if !connections.isEmpty { parts.append(section("CONNECTIONS", ["FROM", "TO", "PORTS"], connections)) }
    if left > 0 { parts.append("… and \(left) more; -o json shows them all\n") }
    if !exposures.isEmpty {
      let rows: [[TextTable.Cell]] = exposures.map { exposure in
        [
          .init("\(exposure.service.namespace)/\(exposure.service.name)"), .init(exposure.way),
          .init(fleet.workloads[exposure.workload].id.description), .init(exposure.ports.description),
          exposure.open.isEmpty
            ? .init("no: no address outside may", .green) : .init("yes: \(exposure.open)", .yellow),
        ]
      }
      parts.append(section("OPEN TO THE OUTSIDE", ["SERVICE", "BY", "WORKLOAD", "PORTS", "LET IN BY POLICIES"], rows))
    }
    return parts.isEmpty ? "nobody reaches anybody\n" : parts.joined(separator: "\n")
  }

  var summary: String {
    "\(peers) peer\(peers == 1 ? "" : "s"), \(connections.count + left) connections, "
      + "\(fleet.networkPolicies.count) network policies, \(fleet.adminPolicies.count) admin policies"
  }

  private func section(_ title: String, _ columns: [String], _ rows: [[TextTable.Cell]]) -> String {
    (colored ? TextColor.bold.paint(title) : title) + "\n"
      + TextTable(columns: columns, rows: rows, colored: colored).rendered()
  }

  /// One explained call: the verdict first, then every layer with what decided it.
  static func text(_ answer: ReachExplanation, colored: Bool) -> String {
    let paint = Paint(colored)
    var text = paint.bold("\(answer.from) → \(answer.to) \(answer.transport.rawValue) \(answer.port)".safeForTerminal)
    text += "  \(word(answer.verdict, paint))\n"
    for (number, layer) in answer.layers.enumerated() {
      text += "\n \(number + 1). \(layer.title.safeForTerminal): \(word(layer.verdict, paint))\n"
      for reason in layer.reasons {
        let object = reason.object.map { "\($0) " } ?? ""
        text += "    \((object + reason.text).safeForTerminal)"
        if let place = reason.location { text += paint.dim("  \("\(place)".safeForTerminal)") }
        text += "\n"
      }
      if let cure = layer.cure { text += "    \(paint.green("to allow it:")) \(cure.safeForTerminal)\n" }
    }
    return text
  }

  /// What a changed policy opens and closes.
  static func text(_ change: ReachChange, colored: Bool) -> String {
    let paint = Paint(colored)
    func section(_ title: String, _ rows: [ReachChange.Row], _ color: TextColor) -> String {
      guard !rows.isEmpty else { return "" }
      let cells = rows.prefix(limit).map { row -> [TextTable.Cell] in
        [.init(row.from), .init(row.to), .init(row.ports.description, color)]
      }
      return paint.bold(title) + "\n"
        + TextTable(columns: ["FROM", "TO", "PORTS"], rows: cells, colored: colored).rendered()
        + (rows.count > limit ? "… and \(rows.count - limit) more; -o json shows them all\n" : "")
    }
    let parts = [section("GAINED", change.gained, .yellow), section("LOST", change.lost, .green)]
    let text = parts.filter { !$0.isEmpty }.joined(separator: "\n")
    return text.isEmpty ? "nothing changes\n" : text
  }

  private static func word(_ verdict: ReachExplanation.Verdict, _ paint: Paint) -> String {
    switch verdict {
    case .allowed: paint.green("allowed")
    case .refused: paint.red("refused")
    case .partly: paint.yellow("allowed for some requests")
    case .silent: paint.dim("no say")
    case .unknown: paint.yellow("not known")
    }
  }
}
