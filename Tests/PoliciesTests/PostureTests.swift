import FleetModel
import Intake
import IntentModel
import Reachability
import Testing

@testable import Policies

/// What a rollout writes for each posture, read back by the program's own reading.
struct PostureTests {
  static let meshes: [Mesh] = [.istioSidecar, .istioAmbient, .linkerd, .consul]
  static let shadow = Posture(mutualTLS: .permissive, authorisation: .shadow)
  static let last = Posture(mutualTLS: .strict, authorisation: .enforced, isolated: true)

  /// A fleet in which every workload that the mesh takes is in a posture, and the objects that brought it there.
  struct Stage {
    var policies: PostureObjects
    var fleet: Fleet
    var objects: [ManifestObject]

    init(_ fleet: Fleet, _ mesh: Mesh, _ posture: (WorkloadPolicy) -> Posture) throws {
      let all = Set(fleet.workloads.map(\.id))
      policies = try #require(PostureObjects(fleet, mesh: mesh, enrolled: all))
      var labels: [ObjectReference: WorkloadPatch] = [:]
      objects = []
      for need in policies.set.workloads {
        let wanted = posture(need)
        let patch =
          policies.patch(of: need.workload, in: wanted)
          ?? policies.set.patches.first { $0.workload == need.workload } ?? .init(workload: need.workload)
        if need.isInMesh {
          objects += policies.objects(of: need.workload, in: wanted)
        } else if wanted.isolated {
          objects += policies.set.objects.filter { $0.id.kind == "NetworkPolicy" && $0.subject == need.workload }
        }
        labels[need.workload] = patch
      }
      var later = fleet
      later.workloads = fleet.workloads.map { labels[$0.id]?.applied(to: $0) ?? $0 }
      self.fleet = later
    }

    func trip(_ before: Fleet) throws -> RoundTrip { try RoundTrip(before, policies.set, objects, later: fleet) }
  }

  /// Strict where nobody speaks plaintext, as a plan may have it.
  static func locked(_ need: WorkloadPolicy) -> Posture {
    Posture(
      mutualTLS: need.strict?.outcome == .strict ? .strict : .permissive, authorisation: .enforced, isolated: true)
  }

  @Test(arguments: meshes)
  func inTheLastPostureExactlyTheNeededCallsPass(_ mesh: Mesh) throws {
    for seed in 0..<UInt64(Support.rounds(40)) {
      var generator = RandomFleet(seed: seed)
      let fleet = generator.make()
      let trip = try Stage(fleet, mesh, Self.locked).trip(fleet)
      try #require(trip.differences == [], "seed \(seed)")
    }
  }

  @Test(arguments: meshes)
  func theShopKeepsItsCalls(_ mesh: Mesh) throws {
    let fleet = try Intake().read(try InputLoader.load([Support.root + "/Examples/shop"])).fleet
    let trip = try Stage(fleet, mesh, Self.locked).trip(fleet)
    #expect(trip.set.flows.count >= 8)
    #expect(trip.differences == [])
  }

  @Test(.enabled(if: Support.data != nil, "no real data: set BULKHEAD_DATA"), arguments: meshes)
  func onlineBoutiqueKeepsItsCalls(_ mesh: Mesh) throws {
    let data = try #require(Support.data)
    let fleet = try Intake().read(try InputLoader.load([data + "/online-boutique/kubernetes-manifests.yaml"])).fleet
    let trip = try Stage(fleet, mesh, Self.locked).trip(fleet)
    #expect(trip.set.flows.count == 16)
    #expect(trip.differences == [])
  }

  /// In shadow nobody is refused: neither known callers nor others.
  @Test(arguments: meshes)
  func shadowRefusesNobody(_ mesh: Mesh) throws {
    for seed in 0..<UInt64(Support.rounds(20)) {
      var generator = RandomFleet(seed: seed)
      let fleet = generator.make()
      let trip = try Stage(fleet, mesh) { _ in Self.shadow }.trip(fleet)
      for from in trip.after.workloads.indices {
        for to in trip.after.workloads.indices {
          #expect(trip.meshVerdict(from, to, 8080) != .refused, "seed \(seed)")
        }
      }
    }
  }

  /// Objects of two postures stand side by side, and each finds the pods of its own.
  @Test(arguments: [Mesh.istioSidecar, .istioAmbient, .linkerd])
  func objectsOfTwoPosturesDoNotMeet(_ mesh: Mesh) throws {
    let fleet = try Support.fleet(Support.pair)
    let cart = try #require(fleet.workloads.first { $0.id.name == "cart" })
    let policies = try #require(PostureObjects(fleet, mesh: mesh, enrolled: Set(fleet.workloads.map(\.id))))
    let now = policies.objects(of: cart.id, in: Self.shadow)
    let next = policies.objects(of: cart.id, in: Self.last)
    #expect(!next.isEmpty && Set(now.map(\.id)).isDisjoint(with: next.map(\.id)))
    for object in now + next {
      let selector = ["selector", "podSelector", "workloadSelector"].lazy.compactMap { object.spec[$0] }.first
      // An authorisation names its Server instead.
      guard let selector else {
        #expect(object.spec["targetRef"] != nil || object.spec["identityRefs"] != nil || object.spec["networks"] != nil)
        continue
      }
      let labels = (selector["matchLabels"] ?? selector["labels"])?.stringMap ?? [:]
      let marks = labels.filter { $0.key.hasPrefix("bulkhead.dev/") }
      #expect(!marks.isEmpty)
      let posture = now.contains(object) ? Self.shadow : Self.last
      #expect(marks.allSatisfy { PostureMark.labels(posture)[$0.key] == $0.value }, "\(object.id)")
    }
  }

  @Test(arguments: meshes)
  func whoIsOutsideOfTheMeshGetsNothing(_ mesh: Mesh) throws {
    let fleet = try Support.fleet(Support.pair)
    let policies = try #require(PostureObjects(fleet, mesh: mesh, enrolled: Set(fleet.workloads.map(\.id))))
    for workload in fleet.workloads { #expect(policies.objects(of: workload.id, in: .untouched) == []) }
    #expect(PostureObjects(fleet, mesh: .envoy, enrolled: [])?.objects(of: fleet.workloads[0].id, in: .untouched) == [])
  }

  @Test func callersWithoutAnIdentityAreFound() throws {
    let fleet = try Support.fleet(Support.pair)
    let ids = Set(fleet.workloads.map(\.id))
    let cart = try #require(ids.first { $0.name == "cart" })
    let policies = try #require(PostureObjects(fleet, mesh: .istioSidecar, enrolled: ids))
    #expect(policies.callers(of: cart, notIn: []).map(\.name) == ["web"])
    #expect(policies.callers(of: cart, notIn: ids) == [])
  }

  /// Istio's agent and the others' own ports stay open to whoever reads their counts, and to nobody else.
  @Test(arguments: [Mesh.istioSidecar, .linkerd, .consul])
  func countsCanBeReadOfIsolatedPods(_ mesh: Mesh) throws {
    let fleet = try Support.fleet(Support.pair)
    let ids = Set(fleet.workloads.map(\.id))
    let cart = try #require(ids.first { $0.name == "cart" })
    let policies = try #require(PostureObjects(fleet, mesh: mesh, enrolled: ids, watchers: ["192.0.2.1/32"]))
    let policy = try #require(policies.objects(of: cart, in: Self.last).first { $0.id.kind == "NetworkPolicy" })
    let text = policy.yaml
    #expect(text.contains("192.0.2.1/32"))
    let port = try #require(policies.set.target.metricsPort)
    #expect(text.contains("port: \(port)"))
  }
}
