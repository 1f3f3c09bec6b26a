import Diagnostics
import FleetModel
import KubernetesAPI
import Testing

@testable import KubernetesTarget

/// How each kind of workload takes a canary.
@Suite struct KindTests {
  @Test(
    arguments: [
      ("Deployment", "deployments.apps shop/cart"), ("StatefulSet", "statefulsets.apps shop/cart"),
      ("DaemonSet", "daemonsets.apps shop/cart"), ("Job", nil), ("CronJob", nil), ("Pod", nil), ("ReplicaSet", nil),
    ] as [(String, String?)])
  func onlyWhatMakesPodsAnewIsEnrolled(_ kind: String, _ name: String?) {
    let id = ObjectReference(kind: kind, namespace: "shop", name: "cart")
    #expect(WorkloadKinds.name(of: id)?.description == name)
  }

  @Test(arguments: [
    (5, 0, 0), (5, 1, 1), (50, 1, 1), (5, 2, 1), (50, 2, 1), (5, 3, 1), (50, 3, 2), (25, 10, 3), (50, 10, 5),
    (99, 10, 9), (5, 100, 5), (100, 3, 3),
  ])
  func aShareIsWholePodsAndNeverAllOfSeveral(_ percent: Int, _ pods: Int, _ count: Int) {
    #expect(StatefulSetKind().canaries(percent, of: pods) == count)
  }

  static func set(
    _ kind: String = "StatefulSet", strategy: String = #"{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#,
    held: String? = nil, managers: String = "", generation: Int = 1, status: String = ""
  ) throws -> DocumentValue {
    let annotations = held.map { #""annotations":{"bulkhead.dev/held":"\#($0)"},"# } ?? ""
    return try value(
      #"{"kind":"\#(kind)","metadata":{\#(annotations)"generation":\#(generation),"managedFields":[\#(managers)]},"#
        + #""spec":{"replicas":3,"updateStrategy":\#(strategy)},"status":{\#(status)}}"#)
  }

  private static func manager(_ name: String, _ operation: String, _ fields: String) -> String {
    #"{"manager":"\#(name)","operation":"\#(operation)","fieldsV1":{"f:spec":{"f:updateStrategy":\#(fields)}}}"#
  }

  struct Hold: Sendable {
    var name: String
    var strategy: String
    var held: String?
    /// Nil: all.
    var canaries: Int?
    /// The patch's own words; nil where nothing is written.
    var patch: String?
  }

  private static let rolling = #"{"type":"RollingUpdate","rollingUpdate":{"partition":0}}"#
  private static func partition(_ value: Int) -> String {
    #"{"type":"RollingUpdate","rollingUpdate":{"partition":\#(value)}}"#
  }
  private static func patch(_ note: String, _ strategy: String) -> String {
    #"{"metadata":{"annotations":{"bulkhead.dev/held":\#(note)}},"spec":{"updateStrategy":\#(strategy)}}"#
  }
  private static let one = #"{"rollingUpdate":{"partition":2}}"#

  static let holds = [
    Hold(name: "the first pod", strategy: rolling, canaries: 1, patch: patch(#""owner=0,now=2""#, one)),
    Hold(name: "it is so already", strategy: partition(2), held: "owner=0,now=2", canaries: 1),
    Hold(
      name: "one more", strategy: partition(2), held: "owner=0,now=2", canaries: 2,
      patch: patch(#""owner=0,now=1""#, #"{"rollingUpdate":{"partition":1}}"#)),
    Hold(
      name: "all of them, which is what its owner has", strategy: partition(2), held: "owner=0,now=2",
      patch: patch("null", #"{"rollingUpdate":{"partition":0}}"#)),
    Hold(name: "all of them, and nothing was held", strategy: rolling),
    Hold(
      name: "all of them, against the owner's partition", strategy: partition(1),
      patch: patch(#""owner=1,now=0""#, #"{"rollingUpdate":{"partition":0}}"#)),
    Hold(
      name: "as many as the owner's partition lets pass", strategy: partition(2), held: nil, canaries: 1,
      patch: patch(#""owner=2,now=2""#, one)),
    Hold(name: "the same again", strategy: partition(2), held: "owner=2,now=2", canaries: 1),
    Hold(
      name: "a strategy without a partition", strategy: #"{"type":"RollingUpdate"}"#, canaries: 1,
      patch: patch(#""owner=,now=2""#, one)),
    Hold(
      name: "and back", strategy: partition(2), held: "owner=,now=2", patch: patch("null", #"{"rollingUpdate":null}"#)),
    Hold(name: "pods that only go when they are deleted", strategy: #"{"type":"OnDelete"}"#, canaries: 1),
  ]

  @Test(arguments: holds) func thePartitionIsHeld(_ hold: Hold) throws {
    let live = try Self.set(strategy: hold.strategy, held: hold.held)
    let patch = try HeldStrategy.holding(live, StatefulSetKind(), canaries: hold.canaries)
    #expect(patch == (try hold.patch.map { try value($0) }), "\(hold.name)")
  }

  @Test(
    arguments: [
      ("owner=1,now=2", partition(2), patch("null", #"{"rollingUpdate":{"partition":1}}"#)),
      ("owner=,now=2", partition(2), patch("null", #"{"rollingUpdate":null}"#)),
      // Somebody has set it meanwhile: theirs stays.
      ("owner=0,now=2", partition(1), #"{"metadata":{"annotations":{"bulkhead.dev/held":null}}}"#),
      ("owner=0,now=2", #"{"type":"OnDelete"}"#, #"{"metadata":{"annotations":{"bulkhead.dev/held":null}}}"#),
      (nil, partition(2), nil),
    ] as [(String?, String, String?)])
  func whatWasHeldIsGivenBack(_ held: String?, _ strategy: String, _ patch: String?) throws {
    let released = try HeldStrategy.releasing(try Self.set(strategy: strategy, held: held), StatefulSetKind())
    #expect(released == (try patch.map { try value($0) }))
  }

  @Test func aDaemonSetIsHeldByItsType() throws {
    func set(_ type: String, held: String? = nil, pods: Int) throws -> DocumentValue {
      try Self.set(
        "DaemonSet", strategy: #"{"type":"\#(type)","rollingUpdate":{"maxUnavailable":1}}"#, held: held,
        status: #""desiredNumberScheduled":\#(pods)"#)
    }
    let kind = DaemonSetKind()
    let taken = try HeldStrategy.holding(try set("RollingUpdate", pods: 4), kind, canaries: 1)
    #expect(taken == (try value(Self.patch(#""owner=RollingUpdate,now=OnDelete""#, #"{"type":"OnDelete"}"#))))
    let held = try set("OnDelete", held: "owner=RollingUpdate,now=OnDelete", pods: 4)
    #expect(try HeldStrategy.holding(held, kind, canaries: 2) == nil)
    let given = try HeldStrategy.holding(held, kind, canaries: nil)
    #expect(given == (try value(Self.patch("null", #"{"type":"RollingUpdate"}"#))))
    #expect(try HeldStrategy.releasing(held, kind) == given)
    // One pod is all there is; some are never exchanged by their controller.
    #expect(try HeldStrategy.holding(try set("RollingUpdate", pods: 1), kind, canaries: 1) == nil)
    let own = try HeldStrategy.holding(try set("OnDelete", pods: 4), kind, canaries: 1)
    #expect(own == (try value(Self.patch(#""owner=OnDelete,now=OnDelete""#, #"{"type":"OnDelete"}"#))))
    let promoted = try HeldStrategy.holding(
      try set("OnDelete", held: "owner=OnDelete,now=OnDelete", pods: 4), kind, canaries: nil)
    #expect(promoted == (try value(Self.patch("null", #"{"type":"OnDelete"}"#))))
  }

  @Test func aFieldThatSomebodyAppliesIsNotTaken() throws {
    let partition = #"{"f:rollingUpdate":{"f:partition":{}}}"#
    let mine = Self.manager("bulkhead", "Apply", partition)
    let written = Self.manager("kubectl-client-side-apply", "Update", partition)
    let other = Self.manager("flux", "Apply", #"{"f:type":{}}"#)
    let fine = try Self.set(managers: [mine, written, other].joined(separator: ","))
    #expect(try HeldStrategy.holding(fine, StatefulSetKind(), canaries: 1) != nil)
    let taken = try Self.set(managers: Self.manager("ops", "Apply", partition))
    let error = #expect(throws: BulkheadError.self) {
      try HeldStrategy.holding(taken, StatefulSetKind(), canaries: 1)
    }
    #expect(error?.message.contains("spec.updateStrategy.rollingUpdate.partition belongs to ops") == true)
    let canary = try Self.set(
      strategy: Self.partition(2), held: "owner=2,now=2", managers: Self.manager("ops", "Apply", partition))
    #expect(throws: BulkheadError.self) { try HeldStrategy.holding(canary, StatefulSetKind(), canaries: 2) }
    // Where it says what is needed, nobody has to give it up.
    #expect(try HeldStrategy.holding(taken, StatefulSetKind(), canaries: nil) == nil)
  }

  @Test(arguments: ["", "owner=0", "owner=0,now=2,more=1", "now=2,owner=0", "nonsense"])
  func anAnnotationOfNobodysIsRefused(_ text: String) throws {
    #expect(throws: BulkheadError.self) { try HeldStrategy(of: try Self.set(held: text)) }
  }

  @Test func aFieldThatChangedMeanwhileEndsTheWaveAndNotItsUndo() throws {
    let live = try Self.set(strategy: Self.partition(0), held: "owner=0,now=2")
    #expect(throws: BulkheadError.self) { try HeldStrategy.holding(live, StatefulSetKind(), canaries: 2) }
    let theirs = try value(#"{"metadata":{"annotations":{"bulkhead.dev/held":null}}}"#)
    #expect(try HeldStrategy.opening(live, StatefulSetKind()) == theirs)
    let deleting = try Self.set(strategy: #"{"type":"OnDelete"}"#, held: "owner=0,now=2")
    #expect(try HeldStrategy.opening(deleting, StatefulSetKind()) == theirs)
    let ours = try Self.set(strategy: Self.partition(2), held: "owner=0,now=2")
    let open = try HeldStrategy.holding(ours, StatefulSetKind(), canaries: nil)
    #expect(try open != nil && HeldStrategy.opening(ours, StatefulSetKind()) == open)
  }

  @Test(
    arguments: [
      (1, #""observedGeneration":1,"replicas":3,"updatedReplicas":1,"readyReplicas":3"#, 1, true),
      (1, #""observedGeneration":1,"replicas":3,"updatedReplicas":1,"readyReplicas":3"#, nil, false),
      (1, #""observedGeneration":1,"replicas":3,"updatedReplicas":1,"readyReplicas":2"#, 1, false),
      (2, #""observedGeneration":1,"replicas":3,"updatedReplicas":3,"readyReplicas":3"#, nil, false),
      (1, #""observedGeneration":1,"replicas":3,"updatedReplicas":3,"readyReplicas":3"#, nil, true),
      (1, #""observedGeneration":1,"replicas":4,"updatedReplicas":3,"readyReplicas":3"#, nil, false),
      (1, "", nil, false),
    ] as [(Int, String, Int?, Bool)])
  func podsAreThereWhenTheyServe(_ generation: Int, _ status: String, _ count: Int?, _ isDone: Bool) throws {
    let live = try Self.set(generation: generation, status: status)
    #expect(StatefulSetKind().progress(live).isDone(count) == isDone)
  }
}
