import Breach
import Diagnostics
import EnvoyMesh
import FleetModel
import Foundation
import IntentModel
import KubernetesAPI
import Policies
import Rollout
import Testing
import Trials

@testable import KubernetesTarget

/// Break-outs and known-bad attempts: the pods that try them, and what is read from what they say.
@Suite struct ProbeTests {
  private static let template = """
    {"metadata":{"labels":{"app":"agent","bulkhead.dev/revision":"w1-0","bulkhead.dev/isolated":"true"},
      "annotations":{"container.apparmor.security.beta.kubernetes.io/agent":"unconfined"}},
     "spec":{"serviceAccountName":"agent","hostPID":true,"securityContext":{"runAsUser":1000},"nodeSelector":{"a":"b"},
      "initContainers":[{"name":"migrate","image":"m:1"}],
      "containers":[
       {"name":"agent","image":"agent:1","securityContext":{"capabilities":{"add":["SYS_PTRACE"]}},
        "volumeMounts":[{"name":"kubelet","mountPath":"/host/kubelet","readOnly":true},
         {"name":"data","mountPath":"/data"},{"name":"cron","mountPath":"/cron","mountPropagation":"Bidirectional"}]},
       {"name":"copy","image":"agent:1","securityContext":{"runAsUser":2000}},
       {"name":"same","image":"agent:1","securityContext":{"runAsUser":2000}},
       {"name":"bulkhead-proxy","image":"e:1"}],
      "volumes":[{"name":"kubelet","hostPath":{"path":"/var/lib"}},{"name":"cron","hostPath":{"path":"/etc/cron.d"}},
       {"name":"data","emptyDir":{}}]}}
    """

  private static let scenery = ProbeScenery(node: "n1", secret: "s3cret00", uid: "u-1")

  private static func pod(_ subject: ProbeSubject) -> ProbePod {
    var pod = ProbePod(
      ObjectName(.pods, namespace: "shop", name: "bulkhead-probe-1"), image: "standin:1", pullPolicy: "IfNotPresent",
      spec: subject.spec.merging(.map(["nodeName": .string("n1")])))
    (pod.labels, pod.annotations) = (subject.labels, subject.annotations)
    pod.add(ProbePod.neighbour, staying: ["idle"], context: .mapping([]), variable: ("FLAG", "s3cret00-l25"))
    for place in subject.places {
      pod.add(
        place, orders: ["L17", "L18"].map { scenery.order($0, from: place, of: subject, account: "shop:agent") })
    }
    return pod
  }

  @Test func aProbeHasWhatDecidesAboutBreakOutsAndIsNeverReady() throws {
    let subject = ProbeSubject(template: try value(Self.template))
    // Containers with the same rights are tried once, and Bulkhead's own never.
    #expect(subject.places.map(\.name) == ["agent", "copy"])
    try expectGolden(YAMLText.document(Self.pod(subject).object), "probe.yaml")
  }

  @Test func weakenedPodsOpenWhatTheirVectorsNeed() throws {
    let vectors = VectorCatalogue.probed.filter { ["L03", "L17", "L18", "L23"].contains($0.code) }
    try #require(vectors.count == 4)
    try expectGolden(YAMLText.document(Self.pod(ProbeSubject(weakenedFor: vectors)).object), "weakened.yaml")
  }

  struct Mount: CustomTestStringConvertible, Sendable {
    var vector: String
    var host: String
    var inside = "/m"
    var readOnly = false
    /// Nil: nothing that the vector looks for.
    var paths: [String]?
    var testDescription: String { "\(vector) \(host)" }
  }

  @Test(arguments: [
    Mount(vector: "L17", host: "/etc/cron.d", paths: ["/m"]),
    Mount(vector: "L17", host: "/etc/cron.d/", readOnly: true, paths: nil),
    Mount(vector: "L17", host: "/etc/kubernetes/manifests", paths: ["/m"]),
    Mount(vector: "L17", host: "/var/log/app", paths: nil),
    Mount(vector: "L17", host: "/var/spool", paths: ["/m/cron"]),
    Mount(
      vector: "L18", host: "/", inside: "/node",
      paths: ["/node/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~downward-api/flags/l18"]),
    Mount(
      vector: "L18", host: "/var/lib/kubelet", readOnly: true,
      paths: ["/m/pods/u-1/volumes/kubernetes.io~downward-api/flags/l18"]),
    Mount(vector: "L18", host: "/var/lib/kubelet2", paths: nil),
    Mount(vector: "L20", host: "/var/run/docker.sock", inside: "/docker.sock", paths: ["/docker.sock"]),
    Mount(vector: "L20", host: "/run/containerd", paths: ["/m/containerd.sock"]),
    Mount(vector: "L20", host: "/run/user", paths: nil),
  ])
  func pathsOfTheNodeAreLookedForWhereTheyAreMounted(mount: Mount) throws {
    let subject = ProbeSubject(
      template: try value(
        """
        {"spec":{"containers":[{"name":"a","volumeMounts":[
          {"name":"v","mountPath":"\(mount.inside)","readOnly":\(mount.readOnly)}]}],
         "volumes":[{"name":"v","hostPath":{"path":"\(mount.host)"}}]}}
        """))
    let place = try #require(subject.places.first)
    let facts = try Self.facts(Self.scenery.order(mount.vector, from: place, of: subject, account: "shop:a"))
    let bare = ProbeSubject(template: try value(#"{"spec":{"containers":[{"name":"a"}]}}"#))
    let nowhere = try Self.facts(
      Self.scenery.order(mount.vector, from: try #require(bare.places.first), of: bare, account: "shop:a"))
    let found = facts["paths"]?.split(separator: "\n").map(String.init)
    #expect(found == mount.paths ?? nowhere["paths"].map { [$0] })
  }

  private static func facts(_ order: String) throws -> [String: String] {
    struct Order: Decodable { var facts: [String: String] }
    return try JSONDecoder().decode(Order.self, from: Data(order.utf8)).facts
  }

  @Test func tokensAreLookedForWhereverThePodHasThem() throws {
    let subject = ProbeSubject(
      template: try value(
        """
        {"spec":{"containers":[{"name":"a",
          "volumeMounts":[{"name":"t","mountPath":"/t"},{"name":"u","mountPath":"/u"}]}],
         "volumes":[{"name":"t","projected":{"sources":[{"serviceAccountToken":{"path":"token"}}]}},
          {"name":"u","projected":{"sources":[{"serviceAccountToken":{"path":"token","audience":"vault"}}]}}]}}
        """))
    let facts = try Self.facts(
      Self.scenery.order("K08", from: try #require(subject.places.first), of: subject, account: "shop:a"))
    #expect(facts["subject"] == "system:serviceaccount:shop:a")
    #expect(
      facts["paths"]?.split(separator: "\n") == ["/var/run/secrets/kubernetes.io/serviceaccount/token", "/t/token"])
  }

  // MARK: - What was said

  private static let cart = ObjectReference(kind: "Deployment", namespace: "shop", name: "cart")

  private static func said(_ result: String, _ vector: String = "L23") -> String {
    "{\"vector\":\"\(vector)\",\"result\":\"\(result)\",\"step\":\"a step\"}\n"
  }

  struct Reading: CustomTestStringConvertible, Sendable {
    var ending: ProbePod.Ending
    var counted: Set<String>? = ["L23"]
    var phase = ProbeRecord.Phase.after
    var result: ProbeRecord.Result
    var step: String
    var testDescription: String { "\(result) \(step)" }
  }

  @Test(arguments: [
    Reading(ending: .said([said("escaped")]), result: .escaped, step: "a step"),
    Reading(ending: .said([said("contained")]), result: .contained, step: "a step"),
    Reading(ending: .said([said("contained"), said("escaped")]), result: .escaped, step: "a step"),
    Reading(ending: .said([said("contained"), said("inconclusive")]), result: .inconclusive, step: "a step"),
    // One of two containers that says nothing may have been the one to get out.
    Reading(ending: .said([said("contained"), ""]), result: .inconclusive, step: "the probe said nothing"),
    Reading(ending: .said(["", said("escaped")]), result: .escaped, step: "a step"),
    Reading(ending: .said([]), result: .inconclusive, step: "the probe said nothing"),
    Reading(ending: .said([said("contained", "L17")]), result: .inconclusive, step: "the probe said nothing"),
    Reading(ending: .said(["no JSON\n" + said("contained")]), result: .contained, step: "a step"),
    Reading(ending: .impossible("refused"), result: .inconclusive, step: "refused"),
    Reading(
      ending: .impossible("refused"), counted: nil, phase: .weakened, result: .inconclusive,
      step: "not possible here: refused"),
    // Without a control that got out, nothing that a probe says counts.
    Reading(
      ending: .said([said("contained")]), counted: [], result: .inconclusive,
      step: "its control did not get out on the node n1"),
  ])
  func aProbeCountsOnlyAsFarAsItTells(reading: Reading) {
    let records = ProbeReading(["L23"], of: Self.cart, phase: reading.phase)
      .records(reading.ending, counted: reading.counted, "n1")
    #expect(records.map(\.result) == [reading.result])
    #expect(records.map(\.step) == [reading.step])
  }

  private static func statuses(_ states: (String, String)...) -> String {
    let list = states.map { #"{"name":"\#($0.0)","state":\#($0.1)}"# }.joined(separator: ",")
    return #"{"status":{"containerStatuses":[\#(list)]}}"#
  }

  struct Status: Sendable {
    var json: String
    var ending: ProbePod.Ending?
  }

  @Test(arguments: [
    Status(json: #"{"status":{"phase":"Running"}}"#, ending: nil),
    Status(
      json: statuses(("agent", #"{"terminated":{"message":"a"}}"#), ("copy", #"{"running":{}}"#)), ending: nil),
    Status(
      json: statuses(("copy", #"{"terminated":{}}"#), ("agent", #"{"terminated":{"message":"a"}}"#)),
      ending: .said(["a", ""])),
    Status(
      json: #"{"status":{"phase":"Failed","reason":"DeadlineExceeded","message":"too long"}}"#,
      ending: .impossible("its pod failed: DeadlineExceeded: too long")),
    Status(
      json: statuses(("agent", #"{"waiting":{"reason":"CreateContainerConfigError","message":"root"}}"#)),
      ending: .impossible("its pod cannot run; agent: CreateContainerConfigError: root")),
  ])
  func aPodHasEndedWhenAllOfItsProbesHave(status: Status) throws {
    let pod = Self.pod(ProbeSubject(template: try value(Self.template)))
    #expect(pod.ending(try value(status.json)) == status.ending)
  }

  @Test(arguments: [
    (
      ProbePod.Ending.said(["{\"vector\":\"K14\",\"result\":\"escaped\",\"step\":\"GET\"}"]),
      AttemptResult.reached("GET")
    ),
    (
      .said(["{\"vector\":\"K14\",\"result\":\"contained\",\"step\":\"connect\",\"errno\":\"ETIMEDOUT\"}"]),
      .refused("connect ETIMEDOUT")
    ),
    (.said(["{\"vector\":\"K14\",\"result\":\"inconclusive\",\"step\":\"no\"}"]), .unknown("no")),
    (.said([""]), .unknown("the pod said nothing")), (.said([]), .unknown("the pod said nothing")),
    (.impossible("why"), .unknown("why")),
  ])
  func attemptsOfPodsAreRefusedOnlyWhereARefusalWasSeen(ending: ProbePod.Ending, result: AttemptResult) {
    #expect(ClusterTarget.result(ending) == result)
  }

  @Test func egressIsTriedOnlyWhereTheNetworkWasSeenToEnforce() {
    func names(_ tries: Bool, _ isEnforced: Bool, _ mesh: Mesh = .envoy) -> [String] {
      ClusterTarget.controls(on: mesh, tries: tries, isEnforced: isEnforced).map(\.kind.rawValue)
    }
    let always = ["plaintextRefused", "wrongIdentityRefused", "unlistedCallerRefused"]
    #expect(names(false, true) == always)
    #expect(names(true, false) == always + ["adminUnreachable"])
    #expect(names(true, true) == always + ["egressRefused", "adminUnreachable"])
    #expect(names(true, true, .linkerd) == ["egressRefused"])
    #expect(
      ClusterTarget.lacks(.egressRefused, on: .envoy, tries: true, .notEnforced)
        == "this network enforces no NetworkPolicy (tried)")
    #expect(ClusterTarget.vectors(on: .envoy).count == VectorCatalogue.probed.count)
    #expect(!ClusterTarget.vectors(on: .linkerd).contains("K08"))
  }

  // MARK: - Latency

  @Test func timesOfRequestsThatCameInAreCountedByCohort() throws {
    func pod(_ uid: String, _ revision: String) -> SeenPod {
      SeenPod(
        name: uid, uid: uid, workload: Self.cart, address: "10.0.0.1", isReady: true, isLeaving: false,
        posture: Posture(mutualTLS: .permissive), revision: revision, isCanary: false, hasProxy: true)
    }
    var book = TrafficBook()
    let name = "http.in_8080.downstream_rq_time.le_"
    book.enter(
      pod("a", "w1"), PodCounts(envoy: [name + "2": 90, name + "150": 10, "http.in_8080.downstream_rq_time.x": 7]))
    book.enter(pod("a", "w1"), PodCounts(envoy: [name + "2": 91, name + "150": 10]))
    // One that begins anew counts from nothing.
    book.enter(pod("a", "w1"), PodCounts(envoy: [name + "2": 1]))
    book.enter(pod("b", "w2"), PodCounts(envoy: [name + "more": 3]))
    let seen = book.snapshot(revisions: [Self.cart: "w2"], entries: [])
    let stable = try #require(seen.latency(of: Self.cart, cohort: .stable))
    #expect(stable.counts.reduce(0, +) == 102 && stable.counts[1] == 92)
    #expect(stable.bounds[1] == 2 && stable.counts[stable.bounds.firstIndex(of: 150) ?? 0] == 10)
    let canary = try #require(seen.latency(of: Self.cart, cohort: .canary))
    #expect(canary.counts.last == 3 && canary.counts.reduce(0, +) == 3)
    let other = ObjectReference(kind: "Deployment", namespace: "shop", name: "users")
    #expect(seen.latency(of: other, cohort: .stable) == nil)
  }
}
