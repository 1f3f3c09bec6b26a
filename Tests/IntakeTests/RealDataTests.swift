import Diagnostics
import FleetModel
import Intake
import Testing

/// Real manifests that nobody here wrote; skipped where they are absent.
@Suite(.enabled(if: Support.data != nil, "no real data: set BULKHEAD_DATA"))
struct RealDataTests {
  private func read(_ path: String) throws -> IntakeResult {
    let data = try #require(Support.data)
    return try Intake().read(try InputLoader.load([data + "/" + path]))
  }

  @Test func onlineBoutique() throws {
    let result = try read("online-boutique/kubernetes-manifests.yaml")
    #expect(result.fleet.workloads.count == 12 && result.fleet.services.count == 12)
    let edges = Dictionary(grouping: result.fleet.calls.filter { $0.target != nil }, by: \.caller.name)
      .mapValues { $0.map { "\($0.target?.name ?? ""):\($0.port)" } }
    #expect(
      edges == [
        "cartservice": ["redis-cart:6379"],
        "checkoutservice": [
          "cartservice:7070", "currencyservice:7000", "emailservice:5000", "paymentservice:50051",
          "productcatalogservice:3550", "shippingservice:50051",
        ],
        "frontend": [
          "adservice:9555", "cartservice:7070", "checkoutservice:5050", "currencyservice:7000",
          "productcatalogservice:3550", "recommendationservice:8080", "shippingservice:50051",
        ],
        "loadgenerator": ["frontend:80"], "recommendationservice": ["productcatalogservice:3550"],
      ])
    let lost = result.fleet.calls.filter { $0.target == nil }
    #expect(lost.map { "\($0.host):\($0.port) \($0.destination)" } == ["shoppingassistantservice:80 nowhere"])
    #expect(result.marks == ["BH-CALL-001 90"])
    #expect(result.fleet.calls.first { $0.port == 6379 }?.wireProtocol == .tcp)
  }

  @Test func onlineBoutiqueWithItsPolicies() throws {
    let result = try read("online-boutique")
    #expect(result.fleet.workloads.count == 12 && !result.fleet.networkPolicies.isEmpty)
    #expect(result.findings.allSatisfy { $0.code == "BH-CALL-001" || $0.code == "BH-INTAKE-012" })
    let kinds = Set(result.fleet.customObjects.map(\.id.kind))
    #expect(kinds == ["Gateway", "HTTPRoute", "VirtualService", "ServiceEntry"])
  }

  @Test func bookinfo() throws {
    let result = try read("bookinfo")
    #expect(result.fleet.workloads.count == 6 && result.fleet.services.count == 4)
    #expect(result.findings.isEmpty && !result.fleet.customObjects.isEmpty)
  }

  @Test func customResourceDefinitionsAreNotRead() throws {
    let result = try read("crds")
    #expect(result.fleet == Fleet() && !result.findings.isEmpty)
    #expect(result.findings.allSatisfy { $0.code == "BH-INTAKE-004" })
  }
}
