import Breach
import FleetModel
import Rollout

/// Ways out before and after, workload by vector.
struct HTMLReportBreakouts {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  var sections: HTMLText {
    let before = report.escapes(.before)
    let open = report.openAtEnd
    let tried = Set(report.history.waves.flatMap(\.probes).map(\.vector)).sorted()
    guard !tried.isEmpty else { return "" }
    let heads = tried.map { code -> HTMLText in
      "<th title=\"\(VectorCatalogue.vector(code)?.title ?? "")\">\(code)</th>"
    }
    let rows = report.fleet.workloads.map { workload -> HTMLText in
      let cells = tried.map { cell(.init(vector: $0, workload: workload.id), before: before, open: open) }
      return "<tr><td class=\"name\">\(workload.id.name)</td>\(cells)</tr>"
    }
    let legend = tried.compactMap(VectorCatalogue.vector).map { vector -> HTMLText in
      "<dt>\(vector.code)</dt><dd>\(vector.title). <em>\(vector.mitigation)</em></dd>"
    }
    return """
      <section><h2>Real attempts to break out</h2><table class="matrix"><thead><tr><th>workload</th>
      \(heads)</tr></thead>
      <tbody>\(weakened(tried))\(rows)</tbody></table>
      <p class="legend">● got out, before and still · ●→○ got out before, contained now · ○ contained · – not tried ·
      each probe that counts was first shown to get out of a container made weak for it; one that did not (? in the
      first row) is blind and tried nowhere</p><details><summary>what each vector is, and what closes
      it</summary><dl>\(legend)</dl></details></section>
      """
  }

  private func weakened(_ vectors: [String]) -> HTMLText {
    let probes = report.history.waves.first?.probes.filter { $0.phase == .weakened } ?? []
    let cells = vectors.map { code -> HTMLText in
      let probe = probes.first { $0.vector == code }
      let title = probe.map { "\($0.result.rawValue) at \($0.step) \($0.errno ?? "")" } ?? "not tried"
      let isOut = probe?.result == .escaped
      return "<td class=\"\(isOut ? "bad" : "dim")\" title=\"\(title)\">\(isOut ? "●" : "?")</td>"
    }
    return "<tr class=\"control\"><td class=\"name\">made weak on purpose</td>\(cells)</tr>"
  }

  private func cell(
    _ way: RunReport.WayOut, before: Set<RunReport.WayOut>, open: Set<RunReport.WayOut>
  ) -> HTMLText {
    let last = report.history.waves.flatMap(\.probes).last { $0.vector == way.vector && $0.workload == way.workload }
    let title =
      last.map { "\($0.phase.rawValue): \($0.result.rawValue) at \($0.step) \($0.errno ?? "")" } ?? "not tried"
    guard let last else { return "<td class=\"dim\" title=\"\(title)\">–</td>" }
    if open.contains(way) { return "<td class=\"bad\" title=\"\(title)\">●</td>" }
    if before.contains(way) { return "<td class=\"ok\" title=\"\(title)\">●→○</td>" }
    return last.result == .inconclusive
      ? "<td class=\"dim\" title=\"\(title)\">?</td>" : "<td class=\"ok\" title=\"\(title)\">○</td>"
  }
}
