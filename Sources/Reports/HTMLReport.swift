import Diagnostics
import FleetModel
import IntentModel
import Planning
import Rollout
import Trials

/// The report a person reads: one file, no network, no script.
package struct HTMLReport {
  private let report: RunReport

  package init(_ report: RunReport) { self.report = report }

  package var text: String {
    let page: HTMLText = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
      <title>\(brand): \(headline)</title><style>\(HTMLText(raw: Stylesheet.text))</style></head><body>
      <main>\(header)\(trouble)\(graphs)\(HTMLReportWaves(report).sections)\(HTMLReportBreakouts(report).sections)\
      \(weaknesses)\(findings)
      <footer>Derived from the run's hash-chained journal. Fleet \(String(report.plan.fleetDigest.prefix(12))), \
      mesh \(report.plan.mesh).</footer></main></body></html>

      """
    return page.markup
  }

  private var brand: String { report.isOnCluster ? "Bulkhead rollout" : "Bulkhead rehearsal" }

  private var headline: String {
    switch report.result {
    case .promoted: "promoted"
    case .rolledBack: "rolled back"
    case .failed: "failed"
    }
  }

  private var header: HTMLText {
    let waves = report.history.waves
    let promoted = waves.count { $0.result == .promoted }
    let trials = waves.flatMap(\.trials)
    let controls = trials.flatMap(\.controls).filter(\.applies)
    let ways = report.waysOut
    return """
      <header class="\(report.result.rawValue)"><p class="brand">\(brand)</p><h1>\(headline)</h1>
      <p class="lead">\(sentence)</p></header>
      <section class="tiles">
      \(tile("\(promoted) of \(report.plan.waves.count)", "waves promoted"))
      \(tile("\(ways.before) → \(ways.after)", "ways out that a probe really took"))
      \(tile("\(trials.count { $0.result == .pass }) of \(trials.count)",
             "trials passed, with the fault seen to happen"))
      \(tile("\(controls.count { $0.result == .pass }) of \(controls.count)", "security controls held during faults"))
      \(size)
      \(tile(Figures.seconds(report.history.seconds), "from start to end"))
      </section>
      """
  }

  private var size: HTMLText {
    report.isOnCluster
      ? tile("\(report.planned.count)", "workloads of the cluster in this plan")
      : tile("\(report.fleet.workloads.count)", "workloads, every one in real containers")
  }

  private var sentence: String {
    let names = report.planned.count
    switch report.result {
    case .promoted:
      return "All \(names) workloads entered the mesh; every wave passed \(passed)."
    case .rolledBack:
      let wave = report.history.waves.last
      let word = wave?.notPutBack == nil ? "undone" : "not wholly undone"
      return "\(wave?.name ?? "A wave") was \(word): \(wave?.reason ?? "no reason was recorded")."
    case .failed:
      return "The run did not end as it should. \(report.history.waves.last?.reason ?? "")"
    }
  }

  /// Trials and probes can be left out.
  private var passed: String {
    let waves = report.history.waves
    let (isTried, isProbed) = (waves.contains { !$0.trials.isEmpty }, waves.contains { !$0.probes.isEmpty })
    return switch (isTried, isProbed) {
    case (true, true): "its canary, its trials and its break-out probes"
    case (true, false): "its canary and its trials"
    case (false, true): "its canary and its break-out probes"
    case (false, false): "its canary; neither trials nor break-outs were asked for"
    }
  }

  private func tile(_ figure: String, _ caption: String) -> HTMLText {
    "<div class=\"tile\"><strong>\(figure)</strong><span>\(caption)</span></div>"
  }

  private var trouble: HTMLText {
    var parts: HTMLText = ""
    if let planted = report.history.header?.planted, !planted.isEmpty {
      let list = planted.map { text -> HTMLText in "<li>\(text)</li>" }
      parts += "<section class=\"note\"><h2>Planted on purpose</h2><ul>\(list)</ul></section>"
    }
    if let leftOut = report.history.header?.leftOut, !leftOut.isEmpty {
      let list = leftOut.map { text -> HTMLText in "<li>\(text)</li>" }
      parts += "<section class=\"note\"><h2>What was not tried, and why</h2><ul>\(list)</ul></section>"
    }
    for wave in report.history.waves where wave.result != .promoted {
      let steps = wave.steps.reversed().map { step -> HTMLText in
        "<li><code>\(step.action.rawValue)</code> of \(step.workload.name): \(step.undo)</li>"
      }
      let isBack = wave.notPutBack == nil
      parts += """
        <section class="alarm"><h2>\(wave.name) was \(isBack ? "" : "not wholly ")rolled back</h2>
        <p>\(wave.reason ?? "")</p>\(left(wave))
        <details><summary>\(isBack ? "what was undone" : "what is to be undone"), in this order</summary>
        <ol>\(steps)</ol></details></section>
        """
    }
    return parts
  }

  private func left(_ wave: WaveRecord) -> HTMLText {
    guard let left = wave.notPutBack else { return "" }
    return "<p>This was not put back:</p><ul>\(left.map { "<li>\($0)</li>" as HTMLText })</ul>"
  }

  private var graphs: HTMLText {
    func count(_ ways: Set<RunReport.WayOut>) -> [ObjectReference: Int] {
      ways.reduce(into: [:]) { $0[$1.workload, default: 0] += 1 }
    }
    let before = CallGraphDrawing(
      fleet: report.fleet, postures: [:], open: count(report.escapes(.before)), title: "call graph before")
    let after = CallGraphDrawing(
      fleet: report.fleet, postures: report.finalPostures, open: count(report.openAtEnd), title: "call graph after")
    return """
      <section><h2>Who calls whom</h2><div class="pair"><figure><figcaption>before</figcaption>\(before.svg)</figure>
      <figure><figcaption>after</figcaption>\(after.svg)</figure></div>
      <p class="legend"><span><i class="key bare"></i>no sidecar</span>
      <span><i class="key enrolled"></i>enrolled, permissive</span>
      <span><i class="key guarded"></i>authorised and isolated, open to the outside</span>
      <span><i class="key locked"></i>strict mutual TLS and isolated</span>
      <span><i class="line plain"></i>plaintext</span> <span><i class="line mtls"></i>mutual TLS</span>
      <span><i class="key ways"></i>ways out of the container</span></p></section>
      """
  }

  private var weaknesses: HTMLText {
    let list = report.weaknesses
    guard !list.isEmpty else { return "" }
    let rows = list.map { weakness -> HTMLText in
      """
      <tr><td><code>\(weakness.code)</code></td><td>\(weakness.workload.name)</td><td>\(weakness.evidence)</td>\
      <td>\(weakness.remediation)</td></tr>
      """
    }
    return """
      <section><h2>Weaknesses and what cures them</h2><table><thead><tr><th>code</th><th>workload</th><th>evidence</th>
      <th>change</th></tr></thead><tbody>\(rows)</tbody></table></section>
      """
  }

  private var findings: HTMLText {
    guard !report.findings.isEmpty else { return "" }
    let rows = report.findings.map { finding -> HTMLText in
      """
      <tr><td><code>\(finding.code)</code></td><td>\(finding.severity.rawValue)</td><td>\(finding.message)</td>\
      <td>\(finding.location?.description ?? "")</td></tr>
      """
    }
    return """
      <section><details><summary>\(report.findings.count) findings in the input</summary><table><tbody>\(rows)</tbody>\
      </table></details></section>
      """
  }
}
