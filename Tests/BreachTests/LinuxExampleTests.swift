import Diagnostics
import FleetModel
import Intake
import IntentModel
import Testing

@testable import Breach

/// The examples that `explain` shows, read like any manifest, and the fixes that the audit proposes for them.
@Suite struct LinuxExampleTests {
  static let codes = VectorCatalogue.linux.map(\.code)
  /// What no Node object tells: cgroup and runc versions, sysctls, the GPU toolkit.
  static let undecided: Set<String> = [
    "L04", "L06", "L07", "L08", "L41", "L42", "L43", "L44", "L50", "L51",
  ]

  static func read(_ yaml: String) throws -> Fleet {
    try Intake().read([InputSource(name: "example.yaml", bytes: Array(yaml.utf8))], strict: true).fleet
  }

  static func assess(_ code: String, _ fleet: Fleet, _ facts: NodeFacts = NodeFacts()) throws -> Assessment {
    let context = AuditContext(fleet, nodeFacts: facts)
    let workload = try #require(fleet.workloads.first)
    guard case .pod(let rule) = try #require(VectorCatalogue.vector(code)).rule else { throw Failure() }
    return rule(context.effectivePod(workload), context)
  }

  struct Failure: Error {}

  @Test(arguments: codes) func theExampleHasIt(code: String) throws {
    let vector = try #require(VectorCatalogue.vector(code))
    let assessment = try Self.assess(code, Self.read(vector.example))
    #expect(Outcome(assessment) == (Self.undecided.contains(code) ? .unknown : .open), "\(code): \(assessment)")
  }

  @Test(arguments: codes) func theExampleIsOpenOnOldNodes(code: String) throws {
    let vector = try #require(VectorCatalogue.vector(code))
    var facts = LinuxFixture.oldNodes
    if code == "L42" { facts.runcVersion = Version("1.1.11") }
    if code == "L30" { facts.kernel = Version("5.4.60") }
    if code == "L45" { (facts.runtime, facts.runtimeVersion) = ("cri-o", Version("1.23.1")) }
    let assessment = try Self.assess(code, Self.read(vector.example), facts)
    #expect(Outcome(assessment) == (code == "L50" ? .unknown : .open), "\(code): \(assessment)")
  }

  /// Applying what is proposed, and what is then still proposed, ends it; a profile of one's own is beyond judging.
  @Test(arguments: codes) func theFixesCloseIt(code: String) throws {
    var fleet = try Self.read(try #require(VectorCatalogue.vector(code)).example)
    var facts = LinuxFixture.oldNodes
    if code == "L42" { facts.runcVersion = Version("1.1.11") }
    if code == "L30" { facts.kernel = Version("5.4.60") }
    if code == "L45" { (facts.runtime, facts.runtimeVersion) = ("cri-o", Version("1.23.1")) }
    for _ in 0..<3 {
      guard case .open(let evidence) = try Self.assess(code, fleet, facts) else { break }
      for fix in evidence.map(\.fix) {
        // Words, where only the node can be cured.
        if fix.hasPrefix("update ") { return }
        #expect(fix.hasPrefix("spec:"), "\(code): \(fix)")
        try PatchReader.apply(fix, to: &fleet.workloads[0].pod)
      }
    }
    let after = Outcome(try Self.assess(code, fleet, facts))
    #expect(after == (["L32", "L50"].contains(code) ? .unknown : .closed), "\(code)")
  }

  @Test func patchesFollowTheKindOfObject() throws {
    let heads = ["Pod": "spec:\n  containers:", "Deployment": "spec:\n  template:\n    spec:\n      containers:"]
    for (kind, head) in heads {
      var pod = LinuxFixture.hard()
      pod.containers[0].securityContext.allowPrivilegeEscalation = nil
      let assessment = LinuxFixture.assess("L40", LinuxFixture.workload(pod, kind: kind), NodeFacts(), Fleet())
      guard case .open(let evidence) = assessment else { throw Failure() }
      #expect(evidence[0].fix.hasPrefix(head))
      #expect(evidence[0].container == "app" && evidence[0].location == LinuxFixture.location)
    }
  }

  @Test(arguments: ["a: b", "x\n- y", "\"", "\u{1b}[31m", "\u{202e}evil", "true", "12", "-", "日本", "{}", "#", ""])
  func hostileNamesStayNames(name: String) throws {
    var pod = LinuxFixture.hard(name)
    pod.containers[0].securityContext.allowPrivilegeEscalation = nil
    let workload = LinuxFixture.workload(pod, kind: "Pod")
    guard case .open(let evidence) = LinuxFixture.assess("L40", workload, NodeFacts(), Fleet()) else { throw Failure() }
    let lines = evidence[0].fix.split(separator: "\n")
    #expect(lines.count == 5, "\(evidence[0].fix)")
    #expect(evidence[0].fix.unicodeScalars.allSatisfy { $0 == "\n" || (" "..."~").contains($0) })
  }
}
