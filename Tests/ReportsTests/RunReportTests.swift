import FleetModel
import Intake
import IntentModel
import Planning
import Reports
import Testing
import Trials

@testable import Rollout

/// What people read of a run, as a whole: a rehearsal of two waves on a machine whose host is busy, made up.
struct RunReportTests {
  private let web = ObjectReference(kind: "Deployment", namespace: "shop", name: "web")
  private let cart = ObjectReference(kind: "Deployment", namespace: "shop", name: "cart")

  @Test func readsAsItIsMeantTo() async throws {
    let report = try await report([:], controls: Control.all)
    try FindingSupport.expectGolden(HTMLReport(report).text, "run.html")
    try FindingSupport.expectGolden(report.json, "run.json")
  }

  /// Where it cannot be tried whether egress is refused.
  @Test func aRunOnAClusterSaysNothingOfRehearsals() async throws {
    let options = ["target": "kubernetes", "leftOut": "control egressRefused: no policies here\nspikes: real users"]
    let page = HTMLReport(try await report(options, controls: Control.all.filter { $0.kind != .egressRefused })).text
    try FindingSupport.expectGolden(page, "run-cluster.html")
    #expect(!page.contains("ehears") && !page.contains("real containers"))
  }

  private func report(_ options: [String: String], controls: [Control]) async throws -> RunReport {
    let waves = [wave(0, web), wave(1, cart)]
    let plan = Plan(mesh: "envoy", fleetDigest: String(repeating: "ab", count: 32), waves: waves, refusals: [])
    let fleet = try Intake().read([InputSource(name: "shop.yaml", bytes: Array(FindingSupport.shop.utf8))]).fleet
    let journal = InMemoryJournal()
    let ledger = RunLedger(journal: journal)
    try await ledger.runBegins(
      RunHeader(fleetDigest: plan.fleetDigest, mesh: plan.mesh, waves: 2, options: options, planted: []))
    for var record in [promoted(waves[0]), rolledBack(waves[1])] {
      for index in record.trials.indices {
        record.trials[index].controls.removeAll { result in !controls.contains { $0.kind.rawValue == result.name } }
      }
      try await ledger.waveEnds(record)
    }
    try await ledger.runEnds(.rolledBack, seconds: 111.5)
    return RunReport(history: try RunHistory(await journal.records()), fleet: fleet, plan: plan, findings: [])
  }

  private func wave(_ index: Int, _ workload: ObjectReference) -> Wave {
    var enrolled = Posture()
    enrolled.mutualTLS = .permissive
    let step = Step(workload: workload, action: .enrol, before: .untouched, after: enrolled, wave: index)
    return Wave(index: index, name: "wave-\(index + 1): \(workload.name)", workloads: [workload], steps: [step])
  }

  /// A trial that had to be repeated, and break-outs that the wave ended.
  private func promoted(_ wave: Wave) -> WaveRecord {
    var record = WaveRecord(wave)
    (record.result, record.startSeconds, record.seconds) = (.promoted, 1, 41.25)
    record.canary = [
      share(10, "pass", 8, disturbed: 2.5, judged(web, errors: 0)), share(100, "pass", 6, judged(web, errors: 1)),
    ]
    record.canary[1].reason = "let on by a person, although: one of 80 failed"
    var kill = trial(.killPod(of: web), .pass)
    kill.setAside = ["the host gave this machine's processors to others in 4.1 of 6 s, which says nothing of the fleet"]
    kill.recoverySeconds = 0.4
    record.trials = [kill]
    record.probes = [.before, .after].map { phase in
      ProbeRecord(
        vector: "L01", workload: web, phase: phase, result: phase == .before ? .escaped : .contained, step: "mount",
        errno: phase == .before ? nil : "EPERM")
    }
    (record.waysOutBefore, record.waysOutAfter) = (1, 0)
    return record
  }

  /// No verdict, for want of a calm machine; and a trial that failed through the fleet's own fault.
  private func rolledBack(_ wave: Wave) -> WaveRecord {
    var record = WaveRecord(wave)
    (record.result, record.startSeconds, record.seconds) = (.rolledBack, 42.25, 68)
    record.reason = "cart: no verdict after 60 s; what was seen meanwhile: cart: 9 of 80 canary requests failed"
    record.notPutBack = ["shop/cart: nobody answers"]
    record.canary = [share(50, "inconclusive", 60, disturbed: 58, judged(cart, errors: 9))]
    var spike = trial(.spike(of: web, factor: 3), .fail)
    spike.during.errors = 120
    spike.slow = [SlowCall(caller: web, target: cart, medianBefore: 3, medianDuring: 180)]
    spike.held = [HeldWorkload(workload: cart, share: 0.59)]
    spike.reason = "120 of 200 users' requests failed; " + (spike.held ?? []).map(\.text).joined()
    spike.weakness = Weakness(
      code: "BH-TRIAL-SPIKE", workload: cart, evidence: spike.reason, remediation: "add a HorizontalPodAutoscaler")
    record.trials = [spike]
    return record
  }

  private func share(
    _ percent: Int, _ verdict: String, _ seconds: Double, disturbed: Double? = nil, _ judged: JudgedWorkload
  ) -> ShareRecord {
    var share = ShareRecord(percent: percent, seconds: seconds, verdict: verdict, reason: "", workloads: [judged])
    share.disturbedSeconds = disturbed
    return share
  }

  private func judged(_ workload: ObjectReference, errors: Int) -> JudgedWorkload {
    var judged = JudgedWorkload(
      workload: workload, baseline: Tally(n: 720, errors: 1), canary: Tally(n: 80, errors: errors),
      verdict: errors > 2 ? "continue" : "pass", logERegression: Double(errors) / 2, logENoWorse: 4 - Double(errors),
      ratio: [0, -1], upperRate: 0.02, reason: "")
    judged.latency = [
      JudgedLatency(
        percentile: 99, stableMilliseconds: 12.5, budgetMilliseconds: 20, stableSlower: 0.01, canarySlower: 0.025,
        logE: -1)
    ]
    return judged
  }

  private func trial(_ fault: Fault, _ result: ControlResult.Outcome) -> TrialRecord {
    var record = TrialRecord(
      Trial(
        hypothesis: "When that happens, at least 95 % of users' requests succeed.", fault: fault, steadyShare: 0.95,
        holdSeconds: 3, recoverySeconds: 3,
        weakness: Weakness(code: "BH-T", workload: web, evidence: "", remediation: "")))
    (record.result, record.injectionVerified, record.injectionEvidence) = (result, true, "it was seen to happen")
    (record.during, record.seconds) = (Tally(n: 200, errors: 0), 9)
    record.controls = Control.all.enumerated().map { index, control in
      var result = ControlResult(control: control, applies: index != 1)
      if index != 1 { result.count(.refused("closed"), openTwin: index == 2 ? .unknown("late") : .reached("200")) }
      return result
    }
    return record
  }
}
