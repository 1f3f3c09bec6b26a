import Diagnostics
import FleetModel
import IntentModel
import Judgement
import Planning
import Testing

@Suite struct RequirementsTests {
  static let full = """
    apiVersion: bulkhead.dev/v1alpha1
    kind: Requirements
    metadata: {name: t}
    spec:
      mesh: linkerd
      features: [hardening, authorisation, strictMutualTLS]
      compliance: baseline
      disruptionBudgets: ignore
      objectives:
      - service: t/w0
        availability: 99.9
        latency: {p99: 300ms, p50: 0.1s}
      protected: [t/w1]
      excluded:
      - {workload: "t/w2[Deployment]", reason: it is going away}
      pinned:
      - {workload: t/w3, wave: last}
      - {workload: t/w0, wave: 2}
      budgets: {latency: 5ms, cpuPerPod: 100m, memoryPerPod: 128Mi}
      crownJewels: [t/w1]
      userGroups:
      - {name: customers, entersAt: [t/w0]}
      waves: {capacity: 3, start: "2026-03-01T08:00:00Z", duration: 90min}
      gate: {atDeadline: hold, deadline: 2min, hold: 0.5h}
      freezes:
      - {from: "2026-12-20T00:00:00Z", to: "2027-01-04T00:00:00Z", reason: holidays, workloads: ["t/*"]}

    """

  private func read(_ text: String) throws -> Requirements {
    try RequirementsFile.read(Array(text.utf8), name: "r.yaml")
  }

  @Test func everythingIsRead() throws {
    let read = try read(Self.full)
    #expect(read.mesh == .linkerd)
    #expect(read.features == [.hardening, .authorisation, .strictMutualTLS])
    #expect(read.tolerance.map { abs($0 - 0.001) < 1e-12 } ?? false)
    #expect(read.objectives[0].latency == [99: 300, 50: 100])
    #expect(read.budgets.cpuMillis == 100 && read.budgets.memoryBytes == 134_217_728)
    #expect(read.waveSeconds == 5_400)
    #expect(read.gate.decision == .hold && read.gate.seconds == 120 && read.gate.holdSeconds == 1_800)
    let rules = try read.rules(for: fleet(4, calls: []))
    #expect(rules.excluded.keys.map(\.name) == ["w2"])
    #expect(rules.protected.map(\.name) == ["w1"])
    #expect(rules.pinned.count == 2)
    #expect(!rules.respectsBudgets && rules.capacity == 3)
    #expect(!rules.wants(.isolate) && rules.wants(.enrol))
    #expect(rules.calendar?.freezes.first?.workloads?.count == 4)
  }

  @Test func anEmptyFileHasTheDefaults() throws {
    #expect(try read("apiVersion: bulkhead.dev/v1alpha1\nkind: Requirements\nspec: {}\n") == Requirements())
  }

  @Test(arguments: [
    ("kind: Requirements", "kind: Other", 1, "kind: Requirements"),
    ("v1alpha1", "v2", 1, "apiVersion"),
    ("mesh: linkerd", "mesh: nomad", 5, "there are istioSidecar"),
    ("features: [hardening, ", "features: [", 0, ""),
    ("features: [hardening, authorisation, ", "features: [hardening, ", 6, "authorisation"),
    ("compliance: baseline", "complianse: baseline", 7, "no field"),
    ("availability: 99.9", "availability: 100", 11, "50.0 to 99.9999"),
    ("p99: 300ms", "p99: soon", 12, "300ms"),
    ("protected: [t/w1]", "protected: [w1]", 13, "namespace/name"),
    ("reason: it is going away", "reason: ' '", 15, "empty"),
    ("wave: last", "wave: 0", 17, "whole number"),
    ("cpuPerPod: 100m", "cpuPerPod: much", 19, "100m"),
    ("duration: 90min", "duration: 0s", 23, "between 1s and"),
    ("start: \"2026-03-01T08:00:00Z\"", "start: tomorrow", 23, "2026-03-01T08:00:00Z"),
    ("deadline: 2min", "deadline: 0s", 24, "between 1s and"),
    ("atDeadline: hold", "atDeadline: pray", 24, "there are hold"),
    ("to: \"2027-01-04", "to: \"2026-01-04", 26, "end after"),
    ("capacity: 3, start: \"2026-03-01T08:00:00Z\", ", "", 26, "waves.start"),
    ("metadata: {name: t}", "metadata: {name: t}\nspec: {}", 5, "twice"),
  ]) func mistakesHaveALine(old: String, new: String, line: Int, part: String) throws {
    let text = Self.full.replacing(old, with: new)
    #expect(text != Self.full)
    guard line > 0 else {
      #expect(throws: Never.self) { try read(text) }
      return
    }
    let error = #expect(throws: BulkheadError.self) { try read(text) }
    #expect(error?.exit == .badInput)
    #expect(error?.location?.file == "r.yaml")
    #expect(error?.message.contains(part) ?? false, "\(error?.description ?? "")")
    if part != "twice" { #expect(error?.location?.line == line, "\(error?.description ?? "")") }
  }

  @Test(arguments: [
    ("protected: [t/nobody]", "no workload t/nobody"),
    ("pinned: [{workload: t/w0, wave: first}, {workload: 't/*', wave: last}]", "pinned to two places"),
    ("{pinned: [{workload: t/w0, wave: first}], excluded: [{workload: t/w0, reason: x}]}", "pinned and excluded"),
    ("{pinned: [{workload: t/w0, wave: first}], protected: [t/w0]}", "cannot be in the first wave"),
  ]) func wishesMustMeanSomething(spec: String, part: String) throws {
    let body = spec.hasPrefix("{") ? spec : "{\(spec)}"
    let requirements = try read("apiVersion: bulkhead.dev/v1alpha1\nkind: Requirements\nspec: \(body)\n")
    let error = #expect(throws: BulkheadError.self) { try requirements.rules(for: fleet(2, calls: [])) }
    #expect(error?.message.contains(part) ?? false, "\(error?.description ?? "")")
    #expect(error?.location?.line == 3)
  }

  @Test func whatBelongsToTheClusterStaysAsItIsWhereThatIsAsked() throws {
    var fleet = fleet(3, calls: [])
    let names = ["kube-system", "istio-system", "shop"]
    for (index, name) in names.enumerated() { fleet.workloads[index].id.namespace = name }
    var requirements = Requirements()
    #expect(try requirements.rules(for: fleet).excluded.isEmpty)
    requirements.leavesInfrastructureOut = true
    #expect(try requirements.rules(for: fleet).excluded.keys.map(\.namespace).sorted() == names.sorted().dropLast())
    let pin = try read(
      "apiVersion: bulkhead.dev/v1alpha1\nkind: Requirements\n"
        + "spec: {pinned: [{workload: kube-system/w0, wave: last}]}\n"
    )
    requirements.pinned = pin.pinned
    #expect(try requirements.rules(for: fleet).excluded.keys.map(\.namespace) == ["istio-system"])
  }

  /// Whatever the bytes are, the answer is requirements or an error with a place, never a crash.
  @Test func brokenFilesAreRefused() throws {
    let rounds = Soak.isOn ? 100_000 : 1_500
    var random = Lehmer(11)
    var refused = 0
    var unclear: [String] = []
    for _ in 0..<rounds {
      let bytes = random.mutated(Array(Self.full.utf8))
      do {
        let read = try RequirementsFile.read(bytes, name: "r.yaml")
        _ = try? read.rules(for: fleet(4, calls: []))
      } catch {
        if !isClear(error) { unclear.append(error.description) }
        refused += 1
      }
    }
    #expect(unclear.isEmpty, "\(unclear.prefix(3))")
    #expect(refused > rounds / 4)
  }
}
