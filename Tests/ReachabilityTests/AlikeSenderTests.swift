import FleetModel
import Testing

@testable import Reachability

/// Classes called alike send the same to everybody; and the sharing really happens.
struct AlikeSenderTests {
  @Test func alikeMeansTheSameConnections() {
    var shared = 0
    for seed in 0..<UInt64(500) {
      var source = RandomFleet(seed: 5_000_000 &+ seed)
      let index = ReachIndex(
        source.make(admin: seed % 2 == 0), options: ReachOptions(exemptHostNetwork: seed % 3 == 0))
      for (number, first) in index.alikeSenders().enumerated() where first != number {
        shared += 1
        #expect(first < number)
        #expect(index.connections(from: number) == index.connections(from: first), "seed \(seed)")
      }
    }
    #expect(shared > 100)
  }

  @Test func whoeverLetsEveryNamespaceInMakesNoSenderDifferent() {
    let everyone = NetworkPolicy.Rule(peers: [.pods(namespaces: LabelSelector(), pods: nil)], ports: [.tcp(80)])
    let pods = (0..<300).map { pod("p\($0)", in: "ns\($0 % 3)", ["app": "a\($0)"]) }
    let policies = (0..<300).map {
      policy("p\($0)", in: "ns\($0 % 3)", selects: labels(["app": "a\($0)"]), ingress: [everyone], egress: [.init()])
    }
    let index = ReachIndex(fleet(pods, policies))
    #expect(index.classes.count == 300)
    #expect(Set(index.alikeSenders()) == [0])
  }
}

/// Both directions of the same question.
struct ReceiverTests {
  @Test func whoReachesIsTheMirrorOfWhomOneReaches() {
    for seed in 0..<UInt64(300) {
      var source = RandomFleet(seed: 6_000_000 &+ seed)
      let index = ReachIndex(source.make(admin: seed % 2 == 0))
      for to in index.classes.indices {
        let mirrored = index.classes.indices.filter { !index.ports(from: $0, to: to).isEmpty }
        #expect(index.connections(to: to).map(\.from) == mirrored, "seed \(seed)")
      }
    }
  }
}
