import Diagnostics
import FleetModel
import IntentModel
import Judgement
import Planning
import Testing

@Suite struct PlanFileTests {
  private func shop(_ seed: Int = 3, outside: Set<Int> = [0]) throws -> (fleet: Fleet, plan: Plan) {
    var random = Lehmer(seed)
    let fleet = fleet(6, calls: [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)], outside: outside)
    var weights = ExposureWeights(before: 70.25, after: 1.125, entering: [:], locking: [:])
    for workload in fleet.workloads {
      weights.entering[workload.id] = Double(random.next(9)) / 7
      weights.locking[workload.id] = Double(random.next(9)) / 7
    }
    var rules = WaveRules()
    rules.capacity = 2
    var plan = try WavePlanner(rules: rules, weights: weights).optimised(fleet)
    plan.exposure?.curve = [70.25, 40, 1.0 / 3]
    return (fleet, plan)
  }

  private func read(_ text: String) throws -> PlanFile { try PlanFile.read(Array(text.utf8), name: "plan.yaml") }

  @Test(arguments: 0..<40) func plansReadBackExactly(seed: Int) throws {
    var (_, plan) = try shop(seed)
    if seed % 2 == 0 { plan.cluster = "prod \"eu\": \\ #1\u{202E}\n— é 😀" }
    if seed % 3 == 0 {
      let start = try #require(Instant("2026-03-01T08:00:00Z"))
      plan.waves = try WaveCalendar(start: start, waveSeconds: 60, freezes: []).scheduled(plan.waves)
    }
    if seed % 7 == 0 { (plan.gate.decision, plan.gate.seconds, plan.gate.holdSeconds) = (.ask, 5, 0) }
    if seed % 4 == 0 {
      plan.tolerance = 1.0 / 3000
      plan.protected = [plan.waves[0].workloads[0]]
      plan.observedCalls = [
        Call(
          caller: plan.waves[0].workloads[0], service: nil, host: "10.0.0.7\n- x", port: 6379, target: nil,
          wireProtocol: .tcp, evidence: .observed(.init(sources: ["flows \"1\".json", "p"]))),
        Call(
          caller: plan.waves[0].workloads[0], service: ObjectReference(kind: "Service", namespace: "t", name: "s"),
          host: "s", port: 80, target: plan.waves[0].workloads[0], others: plan.waves[0].workloads,
          wireProtocol: .http, evidence: .observed(.init(sources: []))),
      ]
    }
    if seed % 5 == 0 { plan.notes = ["null", "- a: [", ""] }
    let text = PlanText(plan).text
    #expect(try read(text).plan == plan)
    #expect(try PlanText(read(text).plan).text == text)
  }

  @Test func anEmptyPlanReadsBack() throws {
    let plan = WavePlanner(fleet: Fleet()).plan(Fleet())
    #expect(try read(PlanText(plan).text).plan == plan)
  }

  /// Moves the lines that hold a step to the end of another wave.
  private func moved(_ text: String, _ step: String, toWave wave: Int) throws -> (text: String, line: Int) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let from = try #require(lines.firstIndex { $0.contains(step) })
    let line = lines.remove(at: from)
    let heads = lines.indices.filter { lines[$0].hasPrefix("  - name: ") }
    let steps = try #require(lines[heads[wave]...].firstIndex { $0 == "    steps:" })
    lines.insert(line, at: steps + 1)
    return (lines.joined(separator: "\n"), steps + 2)
  }

  @Test(arguments: [
    ("w4[Deployment]\", action: authorise}", 0, "shadow before enforced"),
    ("w4[Deployment]\", action: requireMutualTLS}", 0, "permissive before strict"),
    ("w4[Deployment]\", action: isolate}", 0, "permissive before strict"),
  ]) func editedPlansAreRefusedAtTheirLine(step: String, wave: Int, rule: String) throws {
    let (text, line) = try moved(PlanText(try shop().plan).text, step, toWave: wave)
    let error = #expect(throws: BulkheadError.self) { try read(text) }
    #expect(error?.message.contains("'\(rule)'") ?? false, "\(error?.description ?? "")")
    #expect(error?.location?.line == line)
  }

  @Test func stepsInAWrongOrderAreRefused() throws {
    let text = PlanText(try shop().plan).text
    let twice = text.replacing("action: harden}", with: "action: enrol}", maxReplacements: 1)
    let error = #expect(throws: BulkheadError.self) { try read(twice) }
    #expect(error?.message.contains("each step once") ?? false)
  }

  @Test func theFleetIsChecked() throws {
    let (fleet, plan) = try shop()
    let file = try read(PlanText(plan).text)
    #expect(throws: Never.self) { try file.check(fleet) }
    var changed = fleet
    changed.workloads[2].pod.hostPID = true
    changed.workloads.removeLast()
    let error = #expect(throws: BulkheadError.self) { try file.check(changed) }
    #expect(error?.message.contains("changed: t/w2[Deployment]") ?? false, "\(error?.message ?? "")")
    #expect(error?.message.contains("gone: t/w5[Deployment]") ?? false, "\(error?.message ?? "")")
    var meant = plan
    meant.cluster = "staging"
    let other = #expect(throws: BulkheadError.self) {
      try read(PlanText(meant).text).check(fleet, cluster: "production")
    }
    #expect(other?.message.contains("for the cluster staging") ?? false)
  }

  /// A server that is locked in the wave in which its caller enters: the file alone cannot tell, the fleet can.
  @Test func strictBeforeACallersIdentityIsRefused() throws {
    var (fleet, plan) = try shop()
    let server = fleet.workloads[4].id
    let caller = fleet.workloads[3].id
    let enters = try #require(
      plan.waves.firstIndex { $0.steps.contains { $0.workload == caller && $0.action == .enrol } })
    var steps: [Step] = []
    for index in plan.waves.indices {
      steps += plan.waves[index].steps.filter { $0.workload == server }
      plan.waves[index].steps.removeAll { $0.workload == server }
    }
    plan.waves.insert(Wave(index: 0, name: "first", workloads: [server], steps: Array(steps.prefix(3))), at: 0)
    plan.waves[enters + 1].steps += steps.suffix(3)
    let file = try read(PlanText(plan).text)
    let error = #expect(throws: BulkheadError.self) { try file.check(fleet) }
    #expect(
      error?.message.contains("\(caller) calls \(server) and has no identity") ?? false, "\(error?.message ?? "")")
    #expect(error?.location?.line ?? 0 > 0)
    fleet.calls = []
    #expect(PlanCheck(plan).breaches(fleet: fleet, rules: WaveRules()).allSatisfy { $0.rule != .identityBeforeStrict })
  }

  @Test func strictForTheOutsideIsRefused() throws {
    let (fleet, plan) = try shop(outside: [])
    var open = fleet
    let server = try #require(open.services.firstIndex { $0.id.name == "w4" })
    open.services[server].type = "LoadBalancer"
    #expect(PlanCheck(plan).breaches(fleet: open, rules: WaveRules()).map(\.rule).contains(.outsideStaysPlain))
  }

  @Test func rulesOfTheRequirementsAreChecked() throws {
    let (fleet, plan) = try shop()
    func rules(_ change: (inout WaveRules) -> Void) -> [PlanBreach.Rule] {
      var rules = WaveRules()
      change(&rules)
      return PlanCheck(plan).breaches(fleet: fleet, rules: rules).map(\.rule)
    }
    let enters = Dictionary(
      plan.waves.flatMap { wave in wave.steps.filter { $0.action == .enrol }.map { ($0.workload, wave.index) } },
      uniquingKeysWith: { first, _ in first })
    let first = try #require(enters.filter { $0.value == 0 }.keys.min())
    #expect(rules { _ in } == [])
    #expect(rules { $0.excluded[first] = "x" }.contains(.excluded))
    #expect(rules { $0.protected = [first] }.contains(.protected))
    #expect(rules { $0.pinned[first] = .last } == [.pinned])
    #expect(rules { $0.capacity = 1 }.contains(.capacity))
  }

  @Test func brokenFilesAreRefused() throws {
    let rounds = Soak.isOn ? 50_000 : 600
    var (fleet, plan) = try shop()
    plan.objects = []
    let text = Array(PlanText(plan).text.utf8)
    var random = Lehmer(5)
    var refused = 0
    var unclear: [String] = []
    for _ in 0..<rounds {
      do {
        let file = try PlanFile.read(random.mutated(text), name: "plan.yaml")
        _ = PlanCheck(file.plan).breaches(fleet: fleet, rules: WaveRules())
      } catch {
        if !isClear(error) { unclear.append(error.description) }
        refused += 1
      }
    }
    #expect(unclear.isEmpty, "\(unclear.prefix(3))")
    #expect(refused > rounds / 4)
    fleet = Fleet()
  }

  @Test func differencesAreFound() throws {
    let (_, plan) = try shop()
    #expect(PlanDifference(from: plan, to: plan).isEmpty)
    var other = plan
    let step = other.waves[0].steps.removeFirst()
    other.waves[1].steps.insert(step, at: 0)
    other.mesh = "linkerd"
    let difference = PlanDifference(from: plan, to: other)
    #expect(difference.moves == [.init(workload: step.workload, action: step.action, before: 1, after: 2)])
    #expect(difference.changes == [.init(what: "mesh", before: "envoy", after: "linkerd")])
  }
}

@Suite struct PlanSignatureTests {
  private let plan = Plan(mesh: "envoy", fleetDigest: String(repeating: "a", count: 64), waves: [], refusals: [])

  @Test func onlyTheSignedPlanIsGood() throws {
    let key = SigningKey()
    let signature = try PlanSignature.sign(plan, with: key)
    #expect(throws: Never.self) { try signature.verify(plan, with: key.publicKey) }
    var changed = plan
    changed.notes = ["harmless"]
    #expect(throws: BulkheadError.self) { try signature.verify(changed, with: key.publicKey) }
    #expect(throws: BulkheadError.self) { try signature.verify(plan, with: SigningKey().publicKey) }
    var forged = signature
    forged.value = String(forged.value.reversed())
    #expect(throws: BulkheadError.self) { try forged.verify(plan, with: key.publicKey) }
    forged.value = "zz"
    #expect(throws: BulkheadError.self) { try forged.verify(plan, with: key.publicKey) }
  }

  @Test func aSignedFileReadsBackWithItsSignature() throws {
    let key = SigningKey()
    let text = PlanText.signed(plan, try PlanSignature.sign(plan, with: key))
    let commented = "# reviewed\n" + text.replacing("kind: Plan\n", with: "kind: Plan # yes\n")
    let file = try PlanFile.read(Array(commented.utf8), name: "p")
    #expect(throws: Never.self) { try file.signature?.verify(file.plan, with: key.publicKey) }
    #expect(file.signature != nil)
  }

  @Test func keysReadBack() throws {
    let key = SigningKey()
    let same = try SigningKey(Array(key.pem.utf8))
    #expect(same.publicKey.text == key.publicKey.text)
    #expect(try VerifyingKey(Array(key.publicKey.pem.utf8)).text == key.publicKey.text)
    for bytes in [[], Array("hello".utf8), Array(key.pem.utf8.dropLast(30)), [UInt8](repeating: 65, count: 5_000)] {
      #expect(throws: BulkheadError.self) { try SigningKey(bytes) }
      #expect(throws: BulkheadError.self) { try VerifyingKey(bytes) }
    }
    #expect(throws: BulkheadError.self) { try VerifyingKey(Array(key.pem.utf8)) }
  }

  /// The first test vector of RFC 8032, section 7.1: the public key of a secret key.
  @Test func theVectorOfTheStandardHolds() throws {
    let secret: [UInt8] = [
      0x9D, 0x61, 0xB1, 0x9D, 0xEF, 0xFD, 0x5A, 0x60, 0xBA, 0x84, 0x4A, 0xF4, 0x92, 0xEC, 0x2C, 0xC4, 0x44, 0x49, 0xC5,
      0x69, 0x7B, 0x32, 0x69, 0x19, 0x70, 0x3B, 0xAC, 0x03, 0x1C, 0xAE, 0x7F, 0x60,
    ]
    #expect(
      try SigningKey(secret).publicKey.text == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
  }
}
