import Foundation
import Glibc
import Testing

/// Whole rollouts while the API server misbehaves, somebody else works on the same objects, or the run itself is
/// frozen. Two things are watched from outside all the while: no other manager loses a field, and nobody is asked for
/// an identity that it does not have.
@Suite(
  "A rollout among faults", .serialized, .timeLimit(.minutes(20)),
  .enabled(if: Cluster.canBeMade && Cluster.foreign == nil, Cluster.whyNot),
  .enabled(if: Image.envoy != nil, "needs Envoy: run Scripts/bootstrap, or set BULKHEAD_ENVOY"), .clusterForRollouts)
struct FaultTests {
  @Test(
    "a few per cent of all requests fail in every way: promoted or rolled back, and taken back without a trace",
    arguments: Soak.isOn ? [7, 8, 9, 10] : [7])
  func mixedFaults(_ seed: UInt64) async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.twoWaves)
      let script = FaultScript(FaultScript.mixed(seed: seed, perMille: 20))
      try await Upstream.with(rollout.cluster) { upstream in
        let (code, findings) = try await ClusterWatch.during(upstream) {
          try await FaultProxy.with(upstream, script) { proxy in
            var faulty = rollout
            faulty.cluster.kubeconfig = try proxy.kubeconfig(in: rollout.folder)
            let words = faulty.startArguments(plan: plan, out: "run") + ["--skip-trials"]
            let ending = try await faulty.running(words) { _ in }
            #expect([0, 80].contains(ending.code), "\(ending.code): \(ending.messages)")
            let undone = try await faulty.bulkhead("rollout", "undo", rollout.path("run"))
            #expect(undone.code == 0, "\(undone.code): \(undone.messages)")
            return ending.code
          }
        }
        #expect(findings.violations == [] && findings.looks > 20)
        #expect(code != 0 || findings.strict > 0, "nobody was ever asked for an identity")
      }
      #expect(script.faults.count >= 5, "\(script.faults)")
      #expect(try await rollout.objects() == before)
    }
  }

  @Test("frozen past its lease while another run takes over: ends with 75 and writes no more")
  func frozen() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      let script = FaultScript()
      try await Upstream.with(rollout.cluster) { upstream in
        try await FaultProxy.with(upstream, script) { proxy in
          var first = rollout
          first.cluster.kubeconfig = try proxy.kubeconfig(in: rollout.folder)
          let words = first.startArguments(plan: plan, out: "first", probes: false) + ["--skip-trials"]
          let ending = try await first.running(words) { running in
            try #require(try await rollout.hasCanary("cart", of: running), "\(running.messages)")
            running.send(SIGSTOP)
            let second = try await rollout.takeOver(plan: plan, out: "second") {
              let written = script.writes.count
              running.send(SIGCONT)
              return written
            }
            #expect(second.ending.code == 0, "\(second.ending.messages)")
            #expect(script.writes.count == second.marked, "\(script.writes.suffix(3))")
          }
          #expect(ending.code == 75, "\(ending.code): \(ending.messages)")
        }
      }
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("second"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
    }
  }
}

/// The long repetitions: `make soak`, or BULKHEAD_SOAK=1.
enum Soak {
  private static let environment = ProcessInfo.processInfo.environment
  static let isOn = environment["BULKHEAD_SOAK"] != nil
  /// `BULKHEAD_SOAK_STRIDE=3` takes every third write or record, `BULKHEAD_SOAK_ONLY=conflict,drip` these faults alone.
  static let stride = max(1, environment["BULKHEAD_SOAK_STRIDE"].flatMap { Int($0) } ?? 1)

  static func wants(_ name: String) -> Bool {
    environment["BULKHEAD_SOAK_ONLY"].map { $0.split(separator: ",").contains { $0 == name } } ?? true
  }
}

extension Rollout {
  /// Waits until a workload's canary is there.
  func hasCanary(_ name: String, of running: Running) async throws -> Bool {
    let words = ["-n", RolloutShop.namespace, "get", "deployment", "\(name)-bulkhead-canary"]
    _ = try await eventually(within: .seconds(180)) {
      if running.isOver { return true }
      return try await cluster.tryKubectl(words).code == 0
    }
    return !running.isOver
  }

  /// Begins a run again and again until the lease is free; does `mark` while it is under way.
  func takeOver<Mark: Sendable>(
    plan: String, out: String, _ mark: @escaping @Sendable () async throws -> Mark
  ) async throws -> (ending: Tool.Ending, marked: Mark) {
    let words = startArguments(plan: plan, out: out, probes: false) + ["--skip-trials"]
    for attempt in 1...40 {
      var marked: Mark?
      let isTaken = try await running(words.map { $0 == path(out) ? path("\(out)-\(attempt)") : $0 }) { running in
        if try await running.says("wave-1") { marked = try await mark() }
      }
      if let marked {
        try FileManager.default.moveItem(atPath: path("\(out)-\(attempt)"), toPath: path(out))
        return (isTaken, marked)
      }
      guard isTaken.code == 75 else { throw ToolFailure(words: words, ending: isTaken) }
    }
    throw ToolFailure(words: words, ending: Tool.Ending(code: 75, output: "", messages: "the lease is never free"))
  }
}
