import FleetModel
import Testing

@testable import Policies

/// Segments by label, namespace, role and community, and the borders between them.
struct SegmentTests {
  private static let yaml =
    Support.deployment("a", labels: "{app: a, tier: front}", container: Support.calls("b:80"))
    + Support.deployment("b", labels: "{app: b, tier: back}") + Support.service("b")
    + Support.deployment("c", labels: "{app: c, tier: back}")

  @Test func byLabel() throws {
    let fleet = try Support.fleet(Self.yaml)
    let set = PolicySolver(fleet, options: PolicyOptions(target: .networkPolicy)).solve()
    let segments = Segmentation(fleet, flows: set.flows)
    #expect(segments.by == "label tier" && segments.segments.map(\.name) == ["back", "front"])
    #expect(segments.segments.first?.members.map(\.name) == ["b", "c"])
    #expect(segments.crossings == [.init(from: "front", to: "back", calls: 1)])
    #expect(segments.barriers == 1)
    #expect(segments.segment(of: set.workloads[0].workload) == "front")
  }

  @Test func communitiesOfTwoCliques() {
    let ids = (0..<8).map { ObjectReference(kind: "Deployment", namespace: "n", name: "w\($0)") }
    func flow(_ from: Int, _ to: Int) -> PolicyFlow {
      PolicyFlow(
        caller: ids[from], target: ids[to], port: 80, transport: .tcp, wireProtocol: .http, services: [], evidence: [])
    }
    var flows: [PolicyFlow] = []
    for base in [0, 4] { for a in 0..<4 { for b in 0..<4 where a < b { flows.append(flow(base + a, base + b)) } } }
    flows.append(flow(3, 4))
    let names = Communities(ids, flows).names
    #expect(Set(names[0..<4]).count == 1 && Set(names[4..<8]).count == 1 && names[0] != names[4])
    for _ in 0..<5 { #expect(Communities(ids, flows.shuffled()).names == names) }
  }

  @Test func byUserRole() throws {
    let fleet = try Support.fleet(
      Support.deployment("shop", container: Support.calls("cart:80")) + Support.service("shop", spec: "type: NodePort,")
        + Support.deployment("admin", container: Support.calls("ledger:80"))
        + Support.service("admin", spec: "type: NodePort,") + Support.deployment("cart") + Support.service("cart")
        + Support.deployment("ledger") + Support.service("ledger"))
    let set = PolicySolver(fleet, options: PolicyOptions(target: .networkPolicy)).solve()
    let segments = Segmentation(fleet, flows: set.flows, method: .userRole)
    #expect(segments.segments.map(\.name) == ["users of admin", "users of shop"])
    #expect(segments.barriers == 2)
  }
}
