import Diagnostics
import FleetModel
import Foundation
import Judgement
import Rollout
import Synchronization
import Trials

/// Shows a run as it happens, on standard error: one line per finished thing, and on a terminal one live line.
final class ProgressConsole: RolloutObserver, Sendable {
  private let paint: Paint
  private let live: Bool
  private let began = ContinuousClock.now
  private let liveShown = Mutex(false)

  /// What a run is prepared on.
  private let place: String

  init(color: ColorChoice, place: String = "the twin") {
    self.place = place
    paint = Paint(color.isOn(terminal: StandardError.isTerminal))
    live = StandardError.isTerminal
  }

  func observe(_ progress: RolloutProgress) async {
    switch progress {
    case .preparing(let wave):
      let verb = place == "the twin" ? "building" : "preparing"
      line(wave == 0 ? "\(verb) \(place)" : "\(verb) \(place) as it is before wave \(wave + 1)")
    case .waveStarted(let wave, let count):
      let names = wave.workloads.map(\.name).joined(separator: ", ")
      line(paint.bold("\(wave.name) of \(count)") + " – \(names.safeForTerminal)")
    case .share(let percent, let judged): liveLine(percent, judged)
    case .shareDone(let share):
      line(
        "  canary at \(share.percent) % of the users: \(verdict(share.verdict)) in \(seconds(share.seconds))"
          + (share.disturbedSeconds.map { ", \(seconds($0)) of them with the machine's host busy" } ?? "")
          + (share.reason.isEmpty ? "" : " – \(share.reason.safeForTerminal)"))
    case .held(let reason): line("  the canary is held: \(reason.safeForTerminal)")
    case .paused: line("  paused; 'bulkhead rollout continue' goes on")
    case .awaitingApproval(let wave): line("  \(wave.safeForTerminal) waits for 'bulkhead rollout approve'")
    case .awaitingTime(let wave, let start): line("  \(wave.safeForTerminal) waits for its time, \(start)")
    case .frozen: line(paint.red("  frozen as it is; 'bulkhead rollout abort' puts the wave back"))
    case .promoted: line("  all users on the new pods")
    case .trialStarted(let trial): status("  trial: \(trial.fault.title.safeForTerminal) …")
    case .trialDone(let trial): trialLine(trial)
    case .probesDone(let probes): probesLine(probes)
    case .undoing(let reason): line(paint.red("  undoing the wave: ") + reason.safeForTerminal)
    case .waveDone(let wave):
      line(
        "  \(verdict(wave.result.rawValue)) in \(seconds(wave.seconds)); "
          + "ways out \(wave.waysOutBefore) → \(wave.result == .promoted ? wave.waysOutAfter : wave.waysOutBefore)")
      for text in wave.notPutBack ?? [] { line(paint.red("  not put back: ") + text.safeForTerminal) }
    }
  }

  func end(_ code: ExitCode, report: String) {
    clearLive()
    let word: String
    switch code {
    case .ok: word = paint.green("promoted: every wave passed")
    case .gateFailed: word = paint.red("rolled back: a gate failed or stayed inconclusive")
    case .probeEscaped: word = paint.red("rolled back: a probe got out after hardening")
    case .rollbackIncomplete: word = paint.red("the rollback is incomplete")
    default: word = paint.red("the run failed")
    }
    StandardError.write("\(word)\nreport: \(report)\n")
  }

  private func trialLine(_ trial: TrialRecord) {
    let controls = trial.controls.filter(\.applies)
    let held = controls.count { $0.result == .pass }
    for reason in trial.setAside ?? [] { line("  trial set aside and tried again: \(reason.safeForTerminal)") }
    line(
      "  trial \(trial.faults.joined(separator: ", ").safeForTerminal): \(verdict(trial.result.rawValue)), "
        + "\(held) of \(controls.count) controls held"
        + (trial.reason.isEmpty ? "" : " – \(trial.reason.safeForTerminal)"))
  }

  private func probesLine(_ probes: [ProbeRecord]) {
    let out = probes.filter { $0.result == .escaped && $0.phase != .weakened }
    let blind = probes.count { $0.phase == .weakened && $0.result != .escaped }
    let ways = Dictionary(grouping: out, by: \.workload).sorted { $0.key < $1.key }
      .map { "\($0.key.name) (\($0.value.map(\.vector).sorted().joined(separator: " ")))" }
    let when = probes.contains { $0.phase == .after } ? "after the wave" : "before the rollout"
    line(
      "  break-out probes \(when): "
        + (out.isEmpty
          ? paint.green("none got out")
          : "\(out.count) got out: \(ways.joined(separator: ", ").safeForTerminal)")
        + (blind > 0 ? paint.red(" – \(blind) blind") : ""))
  }

  private func liveLine(_ percent: Int, _ judged: [JudgedWorkload]) {
    let n = judged.map(\.canary.n).min() ?? 0
    let errors = judged.map(\.canary.errors).reduce(0, +)
    status("  canary at \(percent) %: at least \(n) requests each, \(errors) failed")
  }

  private func verdict(_ word: String) -> String {
    switch word {
    case "pass", "promoted": paint.green(word)
    case "inconclusive", "continue": paint.yellow(word)
    default: paint.red(word)
    }
  }

  private func seconds(_ value: Double) -> String { "\((value * 10).rounded() / 10) s" }

  private func line(_ text: String) {
    clearLive()
    let stamp = Int((ContinuousClock.now - began) / .seconds(1))
    let clock = "\(stamp / 60):" + (stamp % 60 < 10 ? "0" : "") + "\(stamp % 60)"
    StandardError.write("\(paint.dim(clock)) \(text)\n")
  }

  /// One line that the next one overwrites; only where a terminal shows it.
  private func status(_ text: String) {
    guard live else { return }
    liveShown.withLock { $0 = true }
    StandardError.write("\r\u{1B}[K\(text)")
  }

  private func clearLive() {
    let shown = liveShown.withLock { shown in
      defer { shown = false }
      return shown
    }
    if shown { StandardError.write("\r\u{1B}[K") }
  }
}
