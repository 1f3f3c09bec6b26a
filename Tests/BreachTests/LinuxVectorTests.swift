import FleetModel
import IntentModel
import Testing

@testable import Breach

/// Every vector from L01 to L56: a pod that has it, one that does not, and, where it depends on the nodes, one that
/// cannot be decided.
@Suite struct LinuxVectorTests {
  struct Case: Sendable, CustomStringConvertible {
    var code: String
    var text: String
    var expected: Outcome
    var base: PodSpec
    var facts: NodeFacts
    var change: @Sendable (inout PodSpec) -> Void
    var description: String { "\(code) \(text)" }

    init(
      _ code: String, _ text: String, _ expected: Outcome, base: PodSpec = LinuxFixture.hard(),
      _ facts: NodeFacts, _ change: @escaping @Sendable (inout PodSpec) -> Void = { _ in }
    ) {
      self.code = code
      self.text = text
      self.expected = expected
      self.base = base
      self.facts = facts
      self.change = change
    }

    init(
      _ code: String, _ text: String, _ expected: Outcome, base: PodSpec = LinuxFixture.hard(),
      _ change: @escaping @Sendable (inout PodSpec) -> Void = { _ in }
    ) {
      self.init(code, text, expected, base: base, LinuxFixture.soundNodes, change)
    }
  }

  @Test(arguments: LinuxCases.all) func table(_ test: Case) {
    var pod = test.base
    test.change(&pod)
    let assessment = LinuxFixture.assess(test.code, pod, test.facts)
    #expect(Outcome(assessment) == test.expected, "\(test): \(assessment)")
    if case .unknown(let reason) = assessment { #expect(reason.count > 15) }
    if case .open(let evidence) = assessment {
      #expect(evidence.allSatisfy { $0.message.count > 20 && !$0.fix.isEmpty })
    }
  }

  @Test func everyVectorHasAPodThatHasItAndOneThatHasNot() {
    for vector in VectorCatalogue.linux {
      let outcomes = Set(LinuxCases.all.filter { $0.code == vector.code }.map(\.expected))
      #expect(outcomes.contains(.open) || ["L19", "L52", "L53"].contains(vector.code), "\(vector.code)")
    }
  }

  /// A profile of a type that Kubernetes does not know is neither a filter nor none.
  @Test func profilesOfUnknownTypesAreUnknown() {
    var pod = LinuxFixture.hard()
    for index in pod.containers.indices { pod.containers[index].securityContext.seccomp = .other("runtimeDefault") }
    let assessment = LinuxFixture.assess("L28", pod, LinuxFixture.soundNodes)
    #expect(Outcome(assessment) == .unknown, "\(assessment)")
  }

  @Test func codesAreTheWholeTable() {
    #expect(VectorCatalogue.linux.map(\.code) == (1...56).map { $0 < 10 ? "L0\($0)" : "L\($0)" })
  }

  @Test(arguments: VectorCatalogue.linux.map(\.code)) func everyFieldIsFilled(code: String) throws {
    let vector = try #require(VectorCatalogue.vector(code))
    #expect(!vector.title.isEmpty && vector.explanation.count > 80 && vector.mitigation.count > 20)
    #expect(vector.explanation.split(separator: ". ").count >= 2)
    #expect(!vector.attack.isEmpty && vector.attack.allSatisfy { $0.hasPrefix("T1") })
    #expect(!vector.references.isEmpty && !vector.signature.isEmpty && !vector.example.isEmpty)
  }

  @Test func aHardPodOnSoundNodesIsClosedAgainstEverything() {
    let open = LinuxFixture.all(LinuxFixture.hard(), LinuxFixture.soundNodes).filter { $0.value != .closed }
    #expect(open.keys.sorted() == [])
  }

  /// What only the nodes decide is never called safe.
  @Test func aHardPodOnUnknownNodesIsUnknownWhereOnlyTheNodesDecide() {
    let outcomes = LinuxFixture.all(LinuxFixture.hard(), NodeFacts())
    #expect(outcomes.filter { $0.value == .open }.isEmpty)
    #expect(outcomes.filter { $0.value == .unknown }.keys.sorted() == ["L21", "L32", "L33", "L42", "L48"])
  }

  @Test func aBarePod() {
    let outcomes = LinuxFixture.all(LinuxFixture.bare(), NodeFacts())
    #expect(outcomes.filter { $0.value == .open }.keys.sorted() == ["L28", "L32", "L36", "L40", "L55"])
    #expect(
      outcomes.filter { $0.value == .unknown }.keys.sorted()
        == ["L07", "L21", "L27", "L29", "L30", "L31", "L33", "L34", "L35", "L41", "L42", "L48"])
  }

  @Test(arguments: VectorCatalogue.linux.filter { $0.escape != nil }.map(\.code))
  func theAuditSeesWhatTheProbesWeaken(code: String) throws {
    let vector = try #require(VectorCatalogue.vector(code))
    var pod = LinuxFixture.bare()
    vector.escape?.weaken(&pod)
    #expect(Outcome(LinuxFixture.assess(code, pod)) == .open)
    #expect(Outcome(LinuxFixture.assess(code, Hardening.apply(to: pod).pod)) == .closed)
  }

  @Test func meshContainersAreExceptedByNameAndImageTogether() {
    func outcome(name: String, image: String, _ code: String) -> Outcome {
      var pod = LinuxFixture.hard()
      var container = LinuxFixture.bareContainer(name)
      container.image = image
      container.securityContext.addedCapabilities = ["NET_ADMIN", "NET_RAW"]
      container.securityContext.seccomp = .runtimeDefault
      pod.initContainers = [container]
      var facts = LinuxFixture.oldNodes
      facts.kernel = Version("5.4.10")
      return Outcome(LinuxFixture.assess(code, pod, facts))
    }
    for code in ["L29", "L30"] {
      #expect(outcome(name: "istio-init", image: "docker.io/istio/proxyv2:1.27.0", code) == .closed)
      #expect(outcome(name: "istio-init", image: "example.com/tool:1", code) == .open)
      #expect(outcome(name: "setup", image: "docker.io/istio/proxyv2:1.27.0", code) == .open)
    }
  }

  @Test func everyNodeCountsByItself() {
    // The older kernel has the fix of its branch, the newer one has not.
    var fleet = Fleet()
    for (name, kernel) in [("a", "5.10.200"), ("b", "5.15.10")] {
      var node = Node(name: name, location: LinuxFixture.location)
      node.facts.kernel = Version(kernel)
      fleet.nodes.append(node)
    }
    #expect(Outcome(LinuxFixture.assess("L33", LinuxFixture.hard(), NodeFacts(), fleet)) == .open)
    fleet.nodes[1].facts.kernel = Version("5.15.200")
    #expect(Outcome(LinuxFixture.assess("L33", LinuxFixture.hard(), NodeFacts(), fleet)) == .closed)
    fleet.nodes[1].facts.kernel = nil
    #expect(Outcome(LinuxFixture.assess("L33", LinuxFixture.hard(), NodeFacts(), fleet)) == .unknown)
  }
}
