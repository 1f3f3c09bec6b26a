import Diagnostics
import FleetModel
import Intake
import Testing

@testable import Policies

/// The written policies mean what was meant: exactly the needed flows pass, in every layer together.
struct RoundTripTests {
  @Test(arguments: PolicyTarget.allCases)
  func randomFleets(_ target: PolicyTarget) throws {
    for seed in 0..<UInt64(Support.rounds(40)) {
      var generator = RandomFleet(seed: seed)
      var options = PolicyOptions(target: target)
      if seed % 3 == 0 { options.exceptionsEnd = "2027-01-31" }
      let trip = try RoundTrip(generator.make(), options)
      try #require(trip.differences == [], "seed \(seed)")
    }
  }

  /// Reader and writer agree on network policies to the last field.
  @Test func networkPoliciesAreReadAsTheyWereMade() throws {
    for seed in 0..<20 {
      var generator = RandomFleet(seed: UInt64(seed))
      let trip = try RoundTrip(generator.make(), PolicyOptions(target: .istioAmbient))
      let read = trip.after.networkPolicies.map(Self.withoutPlace)
      #expect(read == trip.set.networkPolicies.sorted { $0.id < $1.id }.map(Self.withoutPlace))
    }
  }

  private static func withoutPlace(_ policy: NetworkPolicy) -> NetworkPolicy {
    var policy = policy
    policy.location.file = ""
    policy.location.line = 0
    return policy
  }

  /// The mesh's tunnel opens every port behind it: only those who call anything may use it.
  @Test(arguments: [PolicyTarget.istioAmbient, .linkerd, .consul])
  func theTunnelIsLimitedToPeers(_ target: PolicyTarget) throws {
    let port = try #require(target.tunnelPort)
    for seed in 0..<UInt64(Support.rounds(20)) {
      var generator = RandomFleet(seed: seed)
      let trip = try RoundTrip(generator.make(), PolicyOptions(target: target))
      let needs = Dictionary(trip.set.workloads.map { ($0.workload, $0) }) { first, _ in first }
      for from in trip.after.workloads.indices {
        for to in trip.after.workloads.indices {
          let (a, b) = (trip.after.workloads[from].id, trip.after.workloads[to].id)
          guard let caller = needs[a], let server = needs[b] else { continue }
          let calls = server.inbound.contains { $0.transport == .tcp && $0.members.contains(a) }
          let expected = calls && caller.isInMesh && server.isInMesh
          #expect(trip.networkAllows(from, to, port) == expected, "seed \(seed): \(a) -> \(b)")
        }
      }
    }
  }

  /// A sidecar knows the services that its workload calls, and no others.
  @Test func egressIsScopedToCallees() throws {
    for seed in 0..<20 {
      var generator = RandomFleet(seed: UInt64(seed))
      let trip = try RoundTrip(generator.make(), PolicyOptions(target: .istioSidecar))
      let sidecars = trip.after.customObjects.filter { $0.id.kind == "Sidecar" }
      for need in trip.set.workloads where need.isInMesh {
        let own = sidecars.filter { object in
          let labels = object.spec["workloadSelector"]?["labels"]?.stringMap ?? [:]
          let pod = trip.after.workload(need.workload)
          return object.id.namespace == need.workload.namespace
            && labels.allSatisfy { pod?.podLabels[$0.key] == $0.value }
        }
        #expect(own.count == 1)
        let hosts = own.flatMap { $0.spec["egress"]?.elements ?? [] }.flatMap { $0["hosts"]?.strings ?? [] }
        let called = Set(trip.set.flows.filter { $0.caller == need.workload }.flatMap(\.services).map(\.service))
        let expected = called.map { "\($0.namespace)/\($0.name).\($0.namespace).svc.cluster.local" }.sorted()
        #expect(hosts.sorted() == (expected.isEmpty ? ["~/*"] : expected))
      }
    }
  }

  @Test(arguments: PolicyTarget.allCases)
  func theShop(_ target: PolicyTarget) throws {
    let fleet = try Intake().read(try InputLoader.load([Support.root + "/Examples/shop"])).fleet
    let trip = try RoundTrip(fleet, PolicyOptions(target: target))
    #expect(trip.set.flows.count >= 8)
    #expect(trip.differences == [])
  }

  @Test(.enabled(if: Support.data != nil, "no real data: set BULKHEAD_DATA"), arguments: PolicyTarget.allCases)
  func onlineBoutique(_ target: PolicyTarget) throws {
    let data = try #require(Support.data)
    let fleet = try Intake().read(try InputLoader.load([data + "/online-boutique/kubernetes-manifests.yaml"])).fleet
    let trip = try RoundTrip(fleet, PolicyOptions(target: target))
    #expect(trip.set.flows.count == 16)
    #expect(trip.differences == [])
    let frontend = try #require(trip.after.workloads.firstIndex { $0.id.name == "frontend" })
    let cart = try #require(trip.after.workloads.firstIndex { $0.id.name == "cartservice" })
    #expect(trip.address("203.0.113.7", to: frontend, port: 8080))
    #expect(!trip.address("203.0.113.7", to: cart, port: 7070))
    #expect(!trip.address("203.0.113.7", to: frontend, port: 9_999))
  }

  @Test(.enabled(if: Support.data != nil, "no real data: set BULKHEAD_DATA"))
  func bookinfoCallsReachEveryVersion() throws {
    let data = try #require(Support.data)
    let fleet = try Intake().read(try InputLoader.load([data + "/bookinfo/bookinfo.yaml"])).fleet
    let trip = try RoundTrip(fleet, PolicyOptions(target: .istioSidecar))
    #expect(trip.differences == [])
  }

  @Test func theSameInputGivesTheSameText() throws {
    for target in PolicyTarget.allCases {
      var generator = RandomFleet(seed: 11)
      let fleet = generator.make()
      let texts = (0..<4).map { _ in
        let set = PolicySolver(fleet, options: PolicyOptions(target: target)).solve()
        return set.yaml + set.patchYAML
      }
      #expect(Set(texts).count == 1)
    }
  }
}
