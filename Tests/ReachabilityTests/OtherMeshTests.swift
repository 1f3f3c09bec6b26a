import FleetModel
import Testing

@testable import Reachability

@Suite struct LinkerdLayer {
  private func linkerd(_ kind: String, _ name: String, _ spec: Document) -> CustomObject {
    object(kind, name, group: "policy.linkerd.io", spec)
  }
  private var server: CustomObject {
    linkerd("Server", "cart", ["podSelector": ["matchLabels": ["app": "cart"]], "port": "http"])
  }

  @Test(arguments: [
    ("all-unauthenticated", true, true, true), ("audit", true, true, true), ("all-authenticated", true, false, false),
    ("cluster-authenticated", true, false, false), ("cluster-unauthenticated", true, true, false),
    ("deny", false, false, false),
  ])
  func defaults(_ name: String, _ member: Bool, _ stranger: Bool, _ outside: Bool) {
    var shop = Shop("linkerd")
    shop.fleet.namespaces[0].annotations["config.linkerd.io/default-inbound-policy"] = name
    #expect(shop.verdict("web") == (member ? .allowed : .refused))
    #expect(shop.verdict("stranger") == (stranger ? .allowed : .refused))
    #expect(shop.verdict("8.8.8.8") == (outside ? .allowed : .refused))
    let cart = shop.fleet.position("cart")
    shop.fleet.workloads[cart].podAnnotations["config.linkerd.io/default-inbound-policy"] = "deny"
    #expect(shop.verdict("web") == .refused, "the pod's annotation goes first")
  }

  @Test func aServerClosesItsPortAlone() {
    let shop = Shop("linkerd", [server])
    #expect(shop.verdict("web") == .refused)
    #expect(shop.verdict("web", 9000) == .allowed)
    var audit = server
    audit.spec = (["podSelector": [:], "port": 8080, "accessPolicy": "audit"] as Document).value
    #expect(Shop("linkerd", [audit]).verdict("web") == .allowed)
  }

  @Test func serverAuthorizations() {
    func verdict(_ client: Document, _ from: String) -> ReachExplanation.Verdict {
      Shop(
        "linkerd",
        [
          server, linkerd("ServerAuthorization", "a", ["server": ["name": "cart"], "client": client]),
        ]
      ).verdict(from)
    }
    #expect(verdict(["meshTLS": ["serviceAccounts": [["name": "web"]]]], "web") == .allowed)
    #expect(verdict(["meshTLS": ["serviceAccounts": [["name": "other"]]]], "web") == .refused)
    #expect(
      verdict(["meshTLS": ["identities": ["*.shop.serviceaccount.identity.linkerd.cluster.local"]]], "web") == .allowed)
    #expect(verdict(["meshTLS": ["identities": ["*"]]], "stranger") == .refused)
    #expect(verdict(["unauthenticated": true], "stranger") == .allowed)
    #expect(verdict(["unauthenticated": true, "networks": [["cidr": "10.0.0.0/8"]]], "11.0.0.1") == .refused)
    #expect(verdict(["unauthenticated": true, "networks": [["cidr": "10.0.0.0/8"]]], "10.0.0.1") == .allowed)
  }

  @Test func authorizationPoliciesNeedAllTheirAuthentications() {
    let tls = linkerd("MeshTLSAuthentication", "web", ["identityRefs": [["kind": "ServiceAccount", "name": "web"]]])
    let net = linkerd(
      "NetworkAuthentication", "net", ["networks": [["cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]]]])
    func verdict(_ target: Document, _ needed: Document, _ from: String) -> ReachExplanation.Verdict {
      Shop(
        "linkerd",
        [
          server, tls, net,
          linkerd("AuthorizationPolicy", "p", ["targetRef": target, "requiredAuthenticationRefs": needed]),
        ]
      ).verdict(from)
    }
    let cart: Document = ["kind": "Server", "name": "cart"]
    let byTLS: Document = [["kind": "MeshTLSAuthentication", "name": "web"]]
    #expect(verdict(cart, byTLS, "web") == .allowed)
    #expect(verdict(cart, byTLS, "stranger") == .refused)
    #expect(verdict(["kind": "Namespace", "name": "shop"], byTLS, "web") == .allowed)
    #expect(verdict(["kind": "Server", "name": "other"], byTLS, "web") == .refused)
    #expect(verdict(cart, [["kind": "NetworkAuthentication", "name": "net"]], "10.2.0.1") == .allowed)
    #expect(verdict(cart, [["kind": "NetworkAuthentication", "name": "net"]], "10.1.0.1") == .refused)
    #expect(
      verdict(
        cart, [["kind": "MeshTLSAuthentication", "name": "web"], ["kind": "NetworkAuthentication", "name": "net"]],
        "10.2.0.1")
        == .refused)
    #expect(verdict(cart, [["kind": "ServiceAccount", "name": "web"]], "web") == .allowed)
    #expect(verdict(cart, [["kind": "MeshTLSAuthentication", "name": "gone"]], "web") == .refused)
  }

  @Test func routesAuthoriseTheirRequests() {
    let shop = Shop(
      "linkerd",
      [
        server, linkerd("HTTPRoute", "get", ["parentRefs": [["kind": "Server", "name": "cart"]]]),
        linkerd(
          "AuthorizationPolicy", "p",
          ["targetRef": ["kind": "HTTPRoute", "name": "get"], "requiredAuthenticationRefs": []]),
      ])
    #expect(shop.verdict("web") == .partly)
  }
}

@Suite struct ConsulLayer {
  private func intentions(_ destination: String, _ source: String, _ action: String) -> CustomObject {
    object(
      "ServiceIntentions", "\(destination)-\(source)", group: "consul.hashicorp.com",
      [
        "destination": ["name": .value(.string(destination))],
        "sources": [["name": .value(.string(source)), "action": .value(.string(action))]],
      ])
  }

  @Test func theDefaultIsTheInstallations() {
    #expect(Shop("consul").verdict("web") == .unknown)
    #expect(Shop("consul").verdict("web", consul: true) == .allowed)
    #expect(Shop("consul").verdict("web", consul: false) == .refused)
    #expect(Shop("consul").verdict("stranger", consul: true) == .refused, "mutual TLS alone")
  }

  @Test func theMostExactPairDecides() {
    let all = intentions("*", "*", "deny")
    let source = intentions("*", "web", "allow")
    let target = intentions("cart", "*", "deny")
    let both = intentions("cart", "web", "allow")
    #expect(Shop("consul", [all]).verdict("web") == .refused)
    #expect(Shop("consul", [all, source]).verdict("web") == .allowed)
    #expect(Shop("consul", [all, source, target]).verdict("web") == .refused)
    #expect(Shop("consul", [all, source, target, both]).verdict("web") == .allowed)
  }

  @Test func permissionsDecideByRequest() {
    let read = object(
      "ServiceIntentions", "cart", group: "consul.hashicorp.com",
      [
        "destination": ["name": "cart"],
        "sources": [
          ["name": "web", "permissions": [["action": "allow", "http": ["pathPrefix": "/", "methods": ["GET"]]]]]
        ],
      ])
    let decision = Shop("consul", [read]).decision("web")
    #expect(decision.verdict == .partly)
    #expect(decision.layers[0].reasons[0].text.contains("methods GET"))
  }

  @Test func permissiveModeTakesPlaintext() {
    let permissive = object(
      "ServiceDefaults", "cart", group: "consul.hashicorp.com", ["mutualTLSMode": "permissive"])
    #expect(Shop("consul", [permissive, intentions("*", "*", "deny")]).verdict("stranger") == .allowed)
  }
}
