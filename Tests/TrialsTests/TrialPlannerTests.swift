import Diagnostics
import FleetModel
import IntentModel
import Testing
import Trials

/// Which trials a wave gets, by hand-made fleets: every workload has a service, unless it plays users.
@Suite struct TrialPlannerTests {
  private static let here = SourceLocation(file: "test", line: 1)

  private static func id(_ name: String) -> ObjectReference {
    ObjectReference(kind: "Deployment", namespace: "t", name: name)
  }

  /// - Parameters:
  ///   - calls: such as `web>cart` for HTTP and `cart>db:tcp` for plain TCP.
  ///   - players: play users: they have no service.
  private static func fleet(_ calls: String, outside: Set<String> = [], players: Set<String> = []) -> Fleet {
    var fleet = Fleet()
    let edges = calls.split(separator: " ").map { edge -> (String, String, Bool) in
      let ends = edge.split(separator: ">").map(String.init)
      return (ends[0], ends[1].replacing(":tcp", with: ""), ends[1].hasSuffix(":tcp"))
    }
    for name in Set(edges.flatMap { [$0.0, $0.1] }).sorted() {
      var workload = Workload(id: id(name), location: here)
      workload.podLabels = ["app": name]
      workload.pod.serviceAccount = name
      fleet.workloads.append(workload)
      guard !players.contains(name) else { continue }
      var service = Service(id: ObjectReference(kind: "Service", namespace: "t", name: name), location: here)
      service.selector = ["app": name]
      service.ports = [ServicePort(name: "http", port: 80, target: .number(8080))]
      if outside.contains(name) { service.type = "LoadBalancer" }
      fleet.services.append(service)
    }
    fleet.calls = edges.map { caller, target, isTCP in
      Call(
        caller: id(caller), service: ObjectReference(kind: "Service", namespace: "t", name: target), host: target,
        port: 80, target: id(target), wireProtocol: isTCP ? .tcp : .http,
        evidence: .wiring(text: "test", location: here))
    }
    return fleet
  }

  /// Waves that enrol their workloads, one after the other; each trial as `kind target`.
  private static func plan(_ fleet: Fleet, _ waves: [String], players: Set<String> = []) -> [[String]] {
    var enrolled: [ObjectReference: Posture] = [:]
    let given = waves.map { names -> (workloads: [ObjectReference], postures: [ObjectReference: Posture]) in
      let workloads = names.split(separator: " ").map { id(String($0)) }
      for workload in workloads { enrolled[workload] = Posture(mutualTLS: .permissive) }
      return (workloads, enrolled)
    }
    let trials = TrialPlanner(fleet: fleet).trials(ofWaves: given, players: Set(players.map(id)))
    return trials.map { wave in wave.map { "\($0.fault.kind) \($0.weakness.workload.name)" } }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var calls: String
    var players: Set<String> = []
    /// That play no users and are not to be disturbed either.
    var protected: Set<String> = []
    var waves: [String]
    /// The trials of resources, wave by wave.
    var resources: [[String]]
  }

  static let cases = [
    Case(
      testDescription: "one in each wave, smallest first", calls: "web>cart cart>list list>db:tcp",
      waves: ["web", "cart", "list", "db"],
      resources: [["spike web"], ["cpuLimit cart"], ["memoryLimit list"], ["memoryLimit db"]]),
    Case(
      testDescription: "what was tried is not tried again", calls: "web>db:tcp", waves: ["web", "web", "web"],
      resources: [["spike web"], ["memoryLimit web"], []]),
    Case(
      testDescription: "a spike begins where the players call", calls: "load>web web>cart", players: ["load"],
      waves: ["load", "web", "cart"], resources: [[], ["spike web"], ["cpuLimit cart"]]),
    Case(
      testDescription: "no spike where only others are called from outside the wave", calls: "web>cart cart>list",
      waves: ["list", "cart"], resources: [["memoryLimit list"], ["memoryLimit cart"]]),
    Case(
      testDescription: "no CPU limit without a sidecar at every caller", calls: "web>cart old>cart",
      waves: ["web", "cart"], resources: [["spike web"], ["memoryLimit cart"]]),
    Case(
      testDescription: "no CPU limit where no user comes", calls: "load>web ghost>cart", players: ["load"],
      waves: ["ghost cart", "web"], resources: [["memoryLimit ghost"], ["spike web"]]),
    Case(
      testDescription: "who is protected is left alone", calls: "web>cart", protected: ["web", "cart"],
      waves: ["web cart"], resources: [[]]),
  ]

  @Test(arguments: cases) func resources(input: Case) {
    let fleet = Self.fleet(input.calls, outside: ["web"], players: input.players)
    let trials = Self.plan(fleet, input.waves, players: input.players.union(input.protected))
    let kinds = ["spike", "cpuLimit", "memoryLimit"]
    #expect(trials.map { wave in wave.filter { trial in kinds.contains { trial.hasPrefix($0) } } } == input.resources)
  }

  @Test func smallestDisruptionFirst() {
    let fleet = Self.fleet("web>cart cart>list", outside: ["web"])
    let trials = Self.plan(fleet, ["web cart list"])
    #expect(trials == [["podKill cart", "spike web", "delay cart", "partition cart"]])
    #expect(
      Fault.Kind.allCases.map(\.rawValue) == ["podKill", "spike", "delay", "cpuLimit", "memoryLimit", "partition"])
  }

  /// In a wave of several, the memory of another one is limited than the one that is killed.
  @Test func anotherPodThanTheKilledOne() {
    let fleet = Self.fleet("web>cart web>list cart>db:tcp list>db:tcp")
    let trials = Self.plan(fleet, ["web", "cart", "list db"])
    #expect(trials[2].contains("podKill db") && trials[2].contains("memoryLimit list"), "\(trials)")
  }

  @Test func everyTrialNamesAWeaknessWithItsCure() {
    let (one, two) = (Self.id("one"), Self.id("two"))
    let trials: [Trial] = [
      .podKill(one), .trafficSpike(one), .delay(caller: one, target: two), .cpuLimit(one), .memoryLimit(one),
      .partition(caller: one, target: two),
    ]
    #expect(trials.map(\.fault.kind) == Fault.Kind.allCases)
    #expect(Set(trials.map(\.weakness.code)).count == trials.count)
    for trial in trials {
      #expect(trial.weakness.code.hasPrefix("BH-TRIAL-") && !trial.weakness.remediation.isEmpty)
      #expect(trial.hypothesis.contains("\(Int((trial.steadyShare * 100).rounded())) %"), "\(trial.hypothesis)")
      #expect(trial.fault.title.contains("one"))
    }
  }
}
