import FleetModel
import Foundation
import Intake
import KubernetesAPI
import Planning
import Rollout
import Testing

@testable import KubernetesTarget

@Suite("What Rollout objects ask for")
struct RolloutOrderTests {
  static func object(_ spec: String, metadata: String = "", status: String = "{}") throws -> DocumentValue {
    let text = """
      {"metadata":{"name":"shop","uid":"u1","generation":3,"resourceVersion":"7"\(metadata)},
       "spec":{"plan":"p"\(spec)},"status":\(status)}
      """
    return try JSONItem.read(Array(text.utf8)).value
  }

  @Test("reads what is said, and takes the usual for what is not")
  func reading() throws {
    let order = RolloutOrder(
      try Self.object(
        #"""
        ,"action":"Pause","approval":"PerWave","approvedWaves":2,"onFailure":"Freeze","onDeletion":"Keep",
        "trials":"Skip","gate":{"tolerance":"0.02","deadlineSeconds":60},"images":{"bulkhead":"b:1","standin":"s:1"},
        "mesh":{"revision":"1-24"}
        """#, metadata: #","finalizers":["a","bulkhead.dev/rollout"]"#))
    #expect(order.problem == nil && order.isHeld && !order.isDeleting && !order.isAborted)
    #expect(order.action == .pause && order.onDeletion == .keep && order.freezes && order.approvesWaves)
    #expect(order.approvedWaves == 2 && !order.runsTrials && order.deadlineSeconds == 60)
    #expect((order.tolerance, order.alpha) == (0.02, 0.05))
    #expect((order.image, order.envoyImage, order.standinImage) == ("b:1", "", "s:1"))
    #expect((order.meshRevision, order.meshNamespace) == ("1-24", nil))
    let usual = RolloutOrder(try Self.object(""))
    #expect((usual.sidecarMilliCPU, usual.sidecarBytes) == (100, 128 << 20))
    #expect(usual.action == .run && usual.onDeletion == .undo && !usual.freezes && usual.runsTrials)
  }

  @Test(
    "says what is wrong with numbers and words that the schema let through",
    arguments: [
      (#","gate":{"tolerance":"1.5"}"#, "tolerance"), (#","gate":{"alpha":"nan"}"#, "alpha"),
      (#","gate":{"beta":"0"}"#, "beta"), (#","gate":{"deadlineSeconds":0}"#, "deadlineSeconds"),
      (#","sidecar":{"cpu":"much"}"#, "sidecar"), (#","sidecar":{"memory":"-1Mi"}"#, "sidecar"),
      (#","action":"Dance""#, "action"), (#","onDeletion":"""#, "onDeletion"),
    ])
  func problems(spec: String, field: String) throws {
    #expect(RolloutOrder(try Self.object(spec)).problem?.contains(field) == true)
  }

  @Test("bears anything that is no object of the kind")
  func rubbish() throws {
    for text in ["null", "[]", "{}", #"{"spec":[],"metadata":1}"#, #"{"spec":{"plan":{},"gate":"x"}}"#] {
      let order = RolloutOrder(try JSONItem.read(Array(text.utf8)).value)
      #expect(order.problem != nil)
    }
  }
}

@Suite("What a Rollout needs")
struct RolloutNeedTests {
  private static let spent: [RolloutStatus.Phase] = [.promoted, .rolledBack, .failed]
  private static let active: [RolloutStatus.Phase] = [.running, .paused, .awaitingApproval, .rollingBack]

  private func need(
    _ phase: RolloutStatus.Phase, _ spec: String = "", metadata: String = "", digest: String? = "d",
    change: (inout RolloutStatus) -> Void = { _ in }
  ) throws -> RolloutNeed {
    var status = RolloutStatus()
    (status.phase, status.planDigest) = (phase, phase == .pending ? "" : "d")
    change(&status)
    return RolloutNeed.of(
      RolloutOrder(try RolloutOrderTests.object(spec, metadata: metadata)), status, digest: digest)
  }

  @Test("by phase and action", arguments: RolloutStatus.Phase.allCases)
  func actions(phase: RolloutStatus.Phase) throws {
    func expected(_ action: String) -> RolloutNeed {
      switch phase {
      case .undone: .nothing
      case .pending, .invalid: action == "Run" ? .run : .nothing
      case .promoted, .rolledBack, .failed: action == "Undo" ? .undo : .nothing
      case .frozen: action == "Undo" ? .undo : action == "Abort" ? .run : .nothing
      case .running, .paused, .awaitingApproval, .rollingBack: action == "Undo" ? .undo : .run
      case .undoing: .undo
      }
    }
    for action in ["Run", "Pause", "Abort", "Undo"] {
      #expect(try need(phase, #","action":"\#(action)""#) == expected(action), "\(phase) \(action)")
    }
  }

  @Test("a deletion undoes, or keeps, and lets go of what has no effects", arguments: RolloutStatus.Phase.allCases)
  func deletion(phase: RolloutStatus.Phase) throws {
    let going = #","deletionTimestamp":"2026-01-01T00:00:00Z""#
    let held = going + #","finalizers":["bulkhead.dev/rollout"]"#
    let isBare = [.pending, .invalid, .undone].contains(phase)
    #expect(try need(phase, metadata: going) == .nothing)
    #expect(try need(phase, metadata: held) == (isBare ? .forget : .undo))
    let keeping = try need(phase, #","onDeletion":"Keep""#, metadata: held)
    #expect(keeping == (phase.isActive || phase == .frozen ? .run : .forget))
  }

  @Test("an undo that failed is tried again where something was left, and else once for each change of the order")
  func failedUndo() throws {
    func after(_ exitCode: Int, generation: Int) throws -> RolloutNeed {
      try need(.failed, #","action":"Undo""#) { ($0.exitCode, $0.observedGeneration) = (exitCode, generation) }
    }
    #expect(try after(83, generation: 3) == .nothing)
    #expect(try after(83, generation: 2) == .undo)
    #expect(try after(81, generation: 3) == .undo)
  }

  @Test("a wrong order is said once, and what is under way goes on")
  func rejection() throws {
    guard case .reject(let problem) = try need(.pending, digest: nil) else {
      Issue.record("a plan that cannot be read is not rejected")
      return
    }
    let said = try need(.invalid, digest: nil) { ($0.observedGeneration, $0.message) = (3, problem) }
    #expect(said == .nothing)
    guard case .reject = try need(.promoted, digest: "another") else {
      Issue.record("another plan is not rejected")
      return
    }
    for phase in Self.active { #expect(try need(phase, digest: "another") == .run) }
  }
}

@Suite("What is kept in the cluster")
struct ClusterKeepingTests {
  @Test("texts are cut between characters, and nothing is lost")
  func parts() {
    let text = String(repeating: "aé€😀\n", count: 50)
    for bytes in [4, 5, 7, 64, 10_000] {
      let parts = ClusterTexts.parts(text, bytes: bytes)
      #expect(parts.joined() == text)
      #expect(parts.allSatisfy { $0.utf8.count <= bytes && !$0.isEmpty })
    }
    #expect(ClusterTexts.parts("") == [""])
  }

  @Test("a status is read back as it was written, and a foreign one counts as none")
  func status() throws {
    var status = RolloutStatus()
    (status.phase, status.progress, status.epoch) = (.frozen, "1/2", 4)
    status.waves = [
      .init(
        name: "wave-1", result: "promoted", reason: "", workloads: ["shop/cart[Deployment]"], workloadCount: 1)
    ]
    let then = Date(timeIntervalSince1970: 1_000_000)
    status.set("Succeeded", "Unknown", "Frozen", "m", generation: 2, now: then)
    #expect(RolloutStatus(of: try status.patch) == status)
    let first = status.conditions
    status.set("Succeeded", "Unknown", "Other", "n", generation: 3, now: then + 60)
    #expect(status.conditions[0].lastTransitionTime == first[0].lastTransitionTime)
    status.set("Succeeded", "True", "Promoted", "", generation: 3, now: then + 60)
    #expect(status.conditions[0].lastTransitionTime != first[0].lastTransitionTime)
    let foreign = try RolloutOrderTests.object("", status: #"{"phase":"Dancing","waves":7}"#)
    #expect(RolloutStatus(of: foreign) == RolloutStatus())
    let sparse = RolloutStatus(of: try RolloutOrderTests.object("", status: #"{"phase":"Promoted","new":1}"#))
    #expect(sparse.phase == .promoted && sparse.waves.isEmpty)
  }

  @Test("of a plan with ten thousand workloads a status tells so much that an object has room for it")
  func largePlan() throws {
    let long = String(repeating: "n", count: 63)
    let names = (0..<10_000).map { ObjectReference(kind: "Deployment", namespace: long, name: "\(long)-\($0)") }
    let waves = stride(from: 0, to: names.count, by: 40).enumerated().map { index, start in
      Wave(
        index: index, name: "wave-\(index + 1): enrol 40", workloads: Array(names[start..<start + 40]), steps: [])
    }
    var failed = WaveRecord(waves[7])
    (failed.result, failed.reason) = (.rolledBack, String(repeating: "why ", count: 1_000))
    failed.notPutBack = names.map(\.description)
    var status = RolloutStatus()
    status.waves = RolloutStatus.waves(
      of: Plan(mesh: "envoy", fleetDigest: "", waves: waves, refusals: []), [7: failed])
    #expect(status.waves.count == 250)
    #expect(status.waves.allSatisfy { $0.workloadCount == 40 && $0.workloads.count == 4 })
    #expect(status.waves[7].result == "rolledBack" && status.waves[7].reason.hasPrefix("why why"))
    // etcd takes 1.5 MiB, of which the plan needs its part.
    #expect(JSONText(try status.patch).bytes.count < 300_000)
    let small = RolloutStatus.waves(of: Plan(mesh: "envoy", fleetDigest: "", waves: [waves[0]], refusals: []))
    #expect(small[0].workloads == waves[0].workloads.map(\.description), "a usual plan is told whole")
  }
}

@Suite("Why a pod does not come")
struct PodTroubleTests {
  @Test(
    "in the words of scheduler and kubelet",
    arguments: [
      (
        #""status":{"conditions":[{"type":"PodScheduled","status":"False","message":"Insufficient cpu"}]}"#,
        "; no node takes its pod: Insufficient cpu", false
      ),
      (
        #"""
        "status":{"initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"ImagePullBackOff","message":"m"}}}
        ]}
        """#, "; i: ImagePullBackOff: m", true
      ),
      (
        #""status":{"containerStatuses":[{"name":"a","state":{"waiting":{"reason":"ContainerCreating"}}}]}"#, nil, false
      ),
      (
        #"""
        "status":{"containerStatuses":[{"name":"a","state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":
        {"terminated":{"exitCode":137,"reason":"OOMKilled","message":"its own words"}}}]}
        """#, "; a: CrashLoopBackOff; it ended with 137 (OOMKilled)", true
      ),
      (
        #"""
        "metadata":{"namespace":"bulkhead","labels":{"app":"bulkhead-discovery"}},
        "status":{"containerStatuses":[{"name":"discovery","state":{"waiting":{"reason":"CrashLoopBackOff"}},
        "lastState":{"terminated":{"exitCode":78,"reason":"Error","message":"bulkhead: no key\n  cure: name it\n"}}}]}
        """#, "; discovery: CrashLoopBackOff; it ended with 78: bulkhead: no key; cure: name it", true
      ),
      (
        #"""
        "metadata":{"namespace":"istio-system","labels":{"app":"istiod"}},
        "status":{"containerStatuses":[{"name":"discovery","state":{"waiting":{"reason":"CrashLoopBackOff"}},
        "lastState":{"terminated":{"exitCode":1,"reason":"Error","message":"its own words"}}}]}
        """#, "; discovery: CrashLoopBackOff; it ended with 1", true
      ),
      (
        #"""
        "metadata":{"deletionTimestamp":"t"},
        "status":{"conditions":[{"type":"PodScheduled","status":"False"}]}
        """#, nil, false
      ),
    ])
  func words(pod: String, text: String?, isHopeless: Bool) throws {
    let trouble = PodTrouble(of: try JSONItem.read(Array("{\(pod)}".utf8)).value)
    #expect(trouble?.text == text && (trouble?.isHopeless ?? false) == isHopeless)
  }
}
