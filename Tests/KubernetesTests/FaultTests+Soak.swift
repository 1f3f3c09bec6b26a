import Foundation
import Glibc
import Testing

/// The long repetitions (BULKHEAD_SOAK=1): every write with every fault, every record of the journal.
extension FaultTests {
  @Test("each write of a run meets each fault: an end, then everything back", .enabled(if: Soak.isOn))
  func everyWrite() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      try await Upstream.with(rollout.cluster) { upstream in
        for fault in APIFault.allCases.filter({ $0 != .gone }) where Soak.wants(fault.rawValue) {
          var number = 1
          var hasHappened = true
          while hasHappened {
            let script = FaultScript(FaultScript.write(number, fault))
            let out = "run-\(fault)-\(number)"
            let (codes, findings) = try await ClusterWatch.during(upstream) {
              try await FaultProxy.with(upstream, script) { proxy in
                var faulty = rollout
                faulty.cluster.kubeconfig = try proxy.kubeconfig(in: rollout.folder)
                let words = faulty.quick(plan, out)
                return try await faulty.runAndUndo(words, out)
              }
            }
            let title = "\(fault) at write \(number): \(codes)"
            #expect([0, 80, 65, 69, 75, 81].contains(codes.run) && codes.undo == 0, "\(title)")
            #expect(findings.violations == [], "\(title)")
            #expect(try await rollout.objects() == before, "\(title)")
            hasHappened = script.faults == [fault]
            number += Soak.stride
          }
        }
      }
    }
  }

  @Test("killed at each record of its journal: resumed to the same end, and undone", .enabled(if: Soak.isOn))
  func everyRecord() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      var number = 1
      var wasKilled = true
      while wasKilled {
        let out = "run-\(number)"
        let ending = try await rollout.running(rollout.quick(plan, out)) { running in
          _ = try await Tool.run([
            "/usr/bin/env", "python3", "-c", Self.killer, rollout.path(out) + "/journal.sqlite", "\(number)",
            "\(running.pid)",
          ])
        }
        wasKilled = ending.code == 137
        let resumed = try await rollout.bulkhead("rollout", "resume", rollout.path(out))
        #expect(resumed.code == 0, "killed at record \(number): \(resumed.code): \(resumed.messages)")
        let undone = try await rollout.bulkhead("rollout", "undo", rollout.path(out))
        #expect(undone.code == 0, "killed at record \(number): \(undone.messages)")
        #expect(try await rollout.objects() == before, "killed at record \(number)")
        number += Soak.stride
      }
    }
  }

  /// Kills a process as soon as a journal has so many records; ends with the process.
  private static let killer = """
    import os, select, signal, sqlite3, sys
    path, wanted, pid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    while open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z":
      try:
        journal = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        count = journal.execute("select count(*) from record").fetchone()[0]
        journal.close()
        if count >= wanted:
          os.kill(pid, signal.SIGKILL)
          break
      except sqlite3.Error:
        pass
      select.select([], [], [], 0.01)  # the pace of looking
    """

  @Test(
    "the API is gone for good during a rollback: 81; once it is back, everything goes back", .enabled(if: Soak.isOn))
  func goneDuringRollback() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.twoWaves)
      let script = FaultScript()
      let isPart: FaultScript.Rule = { $0.isWrite && $0.path.contains("/deployments/users") ? .error : nil }
      let isAll: FaultScript.Rule = { _ in .resetBefore }
      for (name, rule, left) in [("part", isPart, ["users"]), ("all", isAll, ["cart", "users"])] {
        script.follow { _ in nil }
        try await Upstream.with(rollout.cluster) { upstream in
          try await FaultProxy.with(upstream, script) { proxy in
            var faulty = rollout
            faulty.cluster.kubeconfig = try proxy.kubeconfig(in: rollout.folder)
            let ending = try await faulty.running(faulty.quick(plan, name)) { running in
              try #require(try await running.says("all users on the new pods"), "\(running.messages)")
              script.follow(rule)
              _ = try await rollout.bulkhead("rollout", "abort", rollout.path(name))
            }
            #expect(ending.code == 81, "\(name): \(ending.code): \(ending.messages)")
            for app in ["cart", "users"] {
              #expect(ending.messages.contains("shop/\(app)[Deployment]") == left.contains(app), "\(ending.messages)")
            }
          }
        }
        let undone = try await rollout.bulkhead("rollout", "undo", rollout.path(name))
        #expect(undone.code == 0, "\(name): \(undone.messages)")
        #expect(try await rollout.objects() == before, "\(name)")
      }
    }
  }

  @Test(
    "the kubelet stops in mid-wave: rolled back once it is there again, or 81; then undone", .enabled(if: Soak.isOn))
  func nodeGone() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      let kubelet = try rollout.cluster.kubelet()
      let ending = try await rollout.running(rollout.quick(plan, "run")) { running in
        try #require(try await running.says("canary at 5 %"), "\(running.messages)")
        kill(kubelet, SIGSTOP)
        defer { kill(kubelet, SIGCONT) }
        // At the latest when pods have been waited for in vain.
        #expect(try await running.says("undoing the wave", within: .seconds(420)), "\(running.messages)")
      }
      #expect([80, 81].contains(ending.code), "\(ending.code): \(ending.messages)")
      #expect(
        try await eventually(within: .seconds(120)) {
          try await rollout.cluster.kubectl("get", "nodes").contains(" Ready ")
        })
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
    }
  }
}

extension Rollout {
  /// A run, whatever comes of it, and its undo.
  func runAndUndo(_ words: [String], _ out: String) async throws -> (run: Int32, undo: Int32) {
    let ending = try await running(words) { _ in }
    // One that failed before it kept anything has nothing to take back.
    guard FileManager.default.fileExists(atPath: path(out) + "/start.json") else { return (ending.code, 0) }
    return (ending.code, try await bulkhead("rollout", "undo", path(out)).code)
  }
}

extension Cluster {
  /// The kubelet's process, as the machine numbers it.
  func kubelet() throws -> Int32 {
    let traces = try Traces(of: try #require(folder))
    let found = traces.processes().compactMap { Int32($0.split(separator: " ").last ?? "") }.first { number in
      let bytes = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") ?? Data()
      return bytes.split(separator: 0).first.map { String(decoding: $0, as: UTF8.self) } == "kubelet"
    }
    return try #require(found, "no kubelet runs")
  }
}
