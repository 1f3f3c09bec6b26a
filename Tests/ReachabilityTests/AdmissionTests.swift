import FleetModel
import IntentModel
import Testing

@testable import Reachability

/// What a mesh's objects let in, port by port and identity by identity.
@Suite struct AdmissionTests {
  private let strict: Document = ["selector": ["matchLabels": ["app": "cart"]], "mtls": ["mode": "STRICT"]]

  private func cartFor(_ rule: Document) -> CustomObject {
    istio("AuthorizationPolicy", "cart", ["selector": ["matchLabels": ["app": "cart"]], "rules": [rule]])
  }

  private let web: Document = ["from": [["source": ["principals": ["cluster.local/ns/shop/sa/web"]]]]]

  private func read(_ mesh: String, _ objects: [CustomObject]) -> (read: MeshAdmissions, cart: Admissions.Port) {
    var shop = Shop(mesh, objects)
    let cart = shop.fleet.workloads[shop.fleet.position("cart")]
    var service = Service(
      id: ObjectReference(kind: "Service", namespace: "shop", name: "cart"), location: cart.location)
    service.selector = cart.podLabels
    service.ports = [ServicePort(name: "http", port: 80, target: .number(8080))]
    shop.fleet.services = [service]
    return (MeshAdmissions(shop.fleet, options: MeshOptions()), .init(workload: cart.id, port: 8080))
  }

  private func names(_ read: MeshAdmissions, _ port: Admissions.Port) -> Set<String> {
    Set(read.admissions.callers[port, default: []].map(\.name))
  }

  @Test func rulesByIdentityLetExactlyThoseIn() {
    let (read, cart) = read("istio", [cartFor(web)])
    #expect(names(read, cart) == ["web"])
    #expect(!read.admissions.outside.contains(cart))
    #expect(read.postures[cart.workload]?.mutualTLS == .strict, "nobody without an identity gets through")
    #expect(read.undecided.isEmpty)
  }

  @Test func strictAloneLetsMembersIn() {
    let (read, cart) = read("istio", [istio("PeerAuthentication", "cart", strict)])
    #expect(names(read, cart) == ["web"], "the stranger has no identity")
    #expect(read.postures[cart.workload] == Posture(mutualTLS: .strict, authorisation: .enforced))
  }

  @Test func withoutObjectsEverybodyIsLetIn() {
    let (read, cart) = read("istio", [])
    #expect(names(read, cart) == ["web", "stranger"])
    #expect(read.admissions.outside == [cart])
    #expect(read.postures[cart.workload]?.mutualTLS == .permissive)
    #expect(read.postures.keys.map(\.name).sorted() == ["cart", "web"], "the stranger is in no mesh")
  }

  @Test func whatHangsOnRequestsIsUndecided() {
    let rule: Document = ["to": [["operation": ["methods": ["GET"]]]]]
    let (read, cart) = read("istio", [cartFor(rule)])
    #expect(names(read, cart).isEmpty)
    #expect(Set(read.undecided.map(\.caller.name)) == ["web", "stranger"])
    #expect(read.undecided.allSatisfy { $0.port == cart })
  }

  @Test func denialWins() {
    let deny = istio(
      "AuthorizationPolicy", "deny", ["action": "DENY", "selector": ["matchLabels": ["app": "cart"]], "rules": [web]])
    let (read, cart) = read("istio", [cartFor(web), deny])
    #expect(names(read, cart).isEmpty)
  }
}
