import Diagnostics
import FleetModel
import IntentModel
import MeshChoice

/// The ranking for people.
struct ChooseTable {
  private let comparison: MeshComparison
  private let colored: Bool
  private let paint: Paint

  init(_ comparison: MeshComparison, colored: Bool) {
    self.comparison = comparison
    self.colored = colored
    paint = Paint(colored)
  }

  var text: String {
    var text = ranking
    for mesh in comparison.ranking { text += "\n" + details(mesh) }
    if comparison.namespaces.count > 1 { text += "\n" + namespaces }
    for note in comparison.notes { text += "note: \(note.safeForTerminal)\n" }
    text += paint.dim(comparison.assumptions.map { "assumed: \($0)\n" }.joined())
    return text
  }

  private var ranking: String {
    let rows = comparison.ranking.map { mesh -> [TextTable.Cell] in
      [
        .init("\(mesh.rank)"), .init(mesh.mesh.title, mesh.rank == 1 ? .green : nil), .init("\(mesh.ready)"),
        .init("\(mesh.readyAfterFix)"), .init("\(mesh.notSuited)", mesh.notSuited > 0 ? .red : nil),
        .init("\(mesh.estimate.proxies)"), .init("\(Int(mesh.estimate.megabytes)) MB"),
        .init("\((mesh.estimate.cores * 100).rounded() / 100)"),
      ]
    }
    return TextTable(
      columns: ["RANK", "MESH", "READY", "AFTER FIX", "NOT SUITED", "PROXIES", "MEMORY", "CORES"], rows: rows,
      colored: colored
    ).rendered()
  }

  private func details(_ mesh: MeshAssessment) -> String {
    var text = paint.bold("\(mesh.rank). \(mesh.mesh.title)") + "\n"
    for reason in mesh.reasons { text += "   \(reason.safeForTerminal)\n" }
    for obstacle in mesh.hard {
      text += "   \(paint.red("cannot")): \(line(obstacle))\n"
    }
    for obstacle in mesh.fixable.prefix(5) { text += "   fix first: \(line(obstacle))\n" }
    if mesh.fixable.count > 5 { text += "   and \(mesh.fixable.count - 5) more to fix: -o json lists them all\n" }
    for missing in mesh.missing {
      let word = missing.support == .no ? paint.red("lacks") : "in part"
      text += "   \(word): \(missing.feature.title), \(missing.note)\n"
    }
    let facts = MeshFacts.of(mesh.mesh)
    text += "   latency: \(facts.cost.latency)\n"
    for fact in facts.community { text += "   \(fact.date): \(fact.text)\n" }
    return text
  }

  private func line(_ obstacle: MeshAssessment.Obstacle) -> String {
    let place = obstacle.location.map { " (\($0))" } ?? ""
    let first = obstacle.workloads.first.map { "\($0.namespace)/\($0.name)" } ?? ""
    let more = obstacle.workloads.count > 1 ? ", and \(obstacle.workloads.count - 1) more" : ""
    return "\(obstacle.code) \(obstacle.title): \(first): \(obstacle.example)\(place)\(more)".safeForTerminal
  }

  private var namespaces: String {
    let rows = comparison.namespaces.map { entry -> [String] in
      let best = entry.ranking.first
      return [entry.name, best?.mesh.title ?? "", best?.reasons.last ?? ""]
    }
    return TextTable(columns: ["NAMESPACE", "BEST", "WHY"], rows: rows).rendered()
  }
}
