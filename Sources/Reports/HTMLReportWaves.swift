import FleetModel
import Foundation
import Rollout
import Trials

/// The waves: time line, the canaries' evidence, trials and controls.
struct HTMLReportWaves {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  var sections: HTMLText {
    let waves = report.history.waves
    guard !waves.isEmpty else { return "" }
    return """
      <section><h2>Waves</h2>\(TimelineDrawing(waves: waves, total: report.history.seconds).svg)
      <p class="legend"><span><i class="key share"></i>canary at a share of the users</span>
      <span><i class="key trial"></i>trial under a fault</span>
      <span><i class="key rest"></i>placing, probing, committing</span></p>
      \(waves.map(canary))</section>
      <section><h2>Trials and the controls that had to hold meanwhile</h2>\(matrix(waves))</section>
      """
  }

  private func canary(_ wave: WaveRecord) -> HTMLText {
    let rows = wave.canary.flatMap { share in share.workloads.map { row(share, $0) } }
    let verdicts = wave.canary.map { "\($0.percent) % \($0.verdict)\(disturbed($0))" }.joined(separator: " · ")
    let reasons = wave.canary.filter { !$0.reason.isEmpty }.map { share -> HTMLText in
      "<p>at \(share.percent) %: \(share.reason)</p>"
    }
    return """
      <details><summary><b>\(wave.name)</b> – \(wave.result.rawValue) in \(Figures.seconds(wave.seconds)); canary \
      \(verdicts)</summary>\(reasons)\
      <table class="numbers"><thead><tr><th>share</th><th>workload</th>
      <th>stable errors</th><th>canary errors</th><th>evidence of harm</th><th>evidence of no harm</th>
      <th>error rate below</th>
      <th title="slower than the stable pods' p99; of the canary: and the mesh's budget">slow calls, stable, canary</th>
      <th>verdict</th>
      </tr></thead><tbody>\(rows)</tbody></table></details>
      """
  }

  private func disturbed(_ share: ShareRecord) -> String {
    share.disturbedSeconds.map { " (\(Figures.seconds($0)) of it the machine's host was busy with others)" } ?? ""
  }

  private func row(_ share: ShareRecord, _ judged: JudgedWorkload) -> HTMLText {
    """
    <tr><td>\(share.percent) %</td><td class="name">\(judged.workload.name)</td>
    <td>\(judged.baseline.errors) / \(judged.baseline.n)</td><td>\(judged.canary.errors) / \(judged.canary.n)</td>
    <td>\(odds(judged.logERegression))</td><td>\(odds(judged.logENoWorse))</td>
    <td>\(Figures.percent(judged.upperRate))</td><td>\(latency(judged))</td><td class="name">\(judged.verdict)</td></tr>
    """
  }

  /// What is slower than the stable pods' p99, with the threshold and the mesh's budget.
  private func latency(_ judged: JudgedWorkload) -> String {
    guard let level = judged.latency?.first(where: { $0.percentile == 99 }) else { return "–" }
    func tenths(_ value: Double) -> String { Figures.plain((value * 10).rounded() / 10) }
    return "\(Figures.percent(level.stableSlower)) over \(tenths(level.stableMilliseconds)) ms, "
      + "\(Figures.percent(level.canarySlower)) over +\(tenths(level.budgetMilliseconds)) ms"
  }

  /// An e-value as odds: 20 to 1 is what a level of 5 % asks for.
  private func odds(_ logE: Double) -> String {
    let tens = logE / 2.302585092994046
    if tens < -2 { return "none" }
    return tens > 4
      ? "10^\(Figures.plain((tens * 10).rounded() / 10)) : 1"
      : "\(Figures.plain((Foundation.exp(logE) * 10).rounded() / 10)) : 1"
  }

  private func matrix(_ waves: [WaveRecord]) -> HTMLText {
    let names = Control.all.map { control -> HTMLText in "<th title=\"\(control.title)\">\(Self.short(control))</th>" }
    let rows = waves.flatMap { wave in
      wave.trials.map { trial -> HTMLText in
        """
        <tr><td>\(wave.name.prefix { $0 != ":" }.description)</td><td class="name" title="\(trial.hypothesis)">\
        \(trial.faults.joined(separator: ", "))</td><td>\(cell(trial))</td><td class="name">\(evidence(trial))</td>\
        \(Control.all.map { control in cell(trial.controls.first { $0.name == control.kind.rawValue }) })</tr>
        """
      }
    }
    return """
      <table class="matrix"><thead><tr><th>wave</th><th>fault</th><th>hypothesis</th><th>the fault happened; users</th>
      \(names)</tr></thead><tbody>\(rows)</tbody></table>
      <p class="legend">✓ held or passed, and the same attempt against a deliberately open twin was caught · ✗ failed ·
      ? inconclusive · – its policy was not in force yet, or it cannot be tried here</p>
      """
  }

  private func evidence(_ trial: TrialRecord) -> String {
    let served = trial.during.n - trial.during.errors
    let users = trial.during.n == 0 ? "" : "; \(served) of \(trial.during.n) requests succeeded"
    let recovery = trial.recoverySeconds.map { "; again steady after \(Figures.seconds($0))" } ?? ""
    let setAside = (trial.setAside ?? []).map { "; tried before: " + $0 }.joined()
    return trial.injectionEvidence + users + recovery + (trial.reason.isEmpty ? "" : " – " + trial.reason) + setAside
  }

  private func cell(_ trial: TrialRecord) -> HTMLText {
    switch trial.result {
    case .pass: "<span class=\"ok\">✓</span>"
    case .fail: "<span class=\"bad\">✗</span>"
    case .inconclusive: "<span class=\"dim\">?</span>"
    }
  }

  private func cell(_ control: ControlResult?) -> HTMLText {
    guard let control else { return "<td class=\"dim\" title=\"not tried\">–</td>" }
    let counts =
      "\(control.refused) refused, \(control.reached) got through; open twin \(control.positiveControl.rawValue)"
      + (control.blind == 0 ? "" : ", not reached in \(control.blind) rounds that do not count")
    let title = "\(control.title): \(counts). \(control.detail)"
    guard control.applies else { return "<td class=\"dim\" title=\"\(control.title): \(control.detail)\">–</td>" }
    return switch control.result {
    case .pass: "<td class=\"ok\" title=\"\(title)\">✓</td>"
    case .fail: "<td class=\"bad\" title=\"\(title)\">✗</td>"
    case .inconclusive: "<td class=\"dim\" title=\"\(title)\">?</td>"
    }
  }

  private static func short(_ control: Control) -> String {
    switch control.kind {
    case .plaintextRefused: "plaintext"
    case .wrongIdentityRefused: "wrong identity"
    case .unlistedCallerRefused: "unlisted caller"
    case .egressRefused: "egress"
    case .adminUnreachable: "admin"
    }
  }
}
