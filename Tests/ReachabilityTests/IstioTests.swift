import FleetModel
import Testing

@testable import Reachability

@Suite struct IstioLayer {
  private let strict: Document = ["mtls": ["mode": "STRICT"]]

  @Test func permissiveUnlessSaidOtherwise() {
    #expect(Shop("istio").verdict("web") == .allowed)
    #expect(Shop("istio").verdict("stranger") == .allowed)
    #expect(Shop("istio").verdict("web", to: "stranger") == .silent)
  }

  @Test func strictRefusesStrangers() {
    for (name, namespace) in [("own", "shop"), ("mesh", "istio-system")] {
      let shop = Shop("istio", [istio("PeerAuthentication", name, in: namespace, strict)])
      #expect(shop.verdict("web") == .allowed)
      #expect(shop.verdict("stranger") == .refused)
      #expect(shop.decision("stranger").layers[0].cure?.contains("portLevelMtls") ?? false)
    }
  }

  @Test func theNarrowestAuthenticationCounts() {
    let port = istio(
      "PeerAuthentication", "cart",
      [
        "selector": ["matchLabels": ["app": "cart"]], "mtls": ["mode": "STRICT"],
        "portLevelMtls": ["9000": ["mode": "PERMISSIVE"]],
      ])
    let shop = Shop("istio", [port, istio("PeerAuthentication", "default", ["mtls": ["mode": "PERMISSIVE"]])])
    #expect(shop.verdict("stranger", 9000) == .allowed)
    #expect(shop.verdict("stranger", 8080) == .refused)
    #expect(shop.verdict("stranger", to: "web") == .allowed)
  }

  @Test func unsetInherits() {
    let unset = istio("PeerAuthentication", "default", ["mtls": ["mode": "UNSET"]])
    let shop = Shop("istio", [unset, istio("PeerAuthentication", "mesh", in: "istio-system", strict)])
    #expect(shop.verdict("stranger") == .refused)
  }

  @Test func allowPoliciesByIdentity() {
    let allow = istio(
      "AuthorizationPolicy", "cart",
      [
        "selector": ["matchLabels": ["app": "cart"]],
        "rules": [["from": [["source": ["principals": ["cluster.local/ns/shop/sa/web"]]]]]],
      ])
    let shop = Shop("istio", [allow])
    #expect(shop.verdict("web") == .allowed)
    #expect(shop.verdict("cart") == .refused)
    #expect(shop.verdict("stranger") == .refused)
    #expect(shop.decision("stranger").layers[1].reasons.contains { $0.text.contains("wants an identity") })
    #expect(shop.verdict("cart", to: "web") == .allowed, "the policy is the cart's alone")
  }

  @Test func anEmptySpecificationAllowsNothingAndAnEmptyRuleEverything() {
    #expect(Shop("istio", [istio("AuthorizationPolicy", "none", [:])]).verdict("web") == .refused)
    #expect(Shop("istio", [istio("AuthorizationPolicy", "all", ["rules": [[:]]])]).verdict("stranger") == .allowed)
  }

  @Test func denyBeatsAllowAndCustomIsNotKnown() {
    let allow = istio("AuthorizationPolicy", "all", ["rules": [[:]]])
    let deny = istio(
      "AuthorizationPolicy", "no-dev",
      ["action": "DENY", "rules": [["from": [["source": ["notNamespaces": ["shop"]]]]]]])
    let shop = Shop("istio", [allow, deny])
    #expect(shop.verdict("web") == .allowed)
    #expect(shop.verdict("stranger") == .refused, "a caller without identity is in no namespace")
    let custom = istio(
      "AuthorizationPolicy", "ext", ["action": "CUSTOM", "provider": ["name": "opa"], "rules": [[:]]])
    #expect(Shop("istio", [allow, custom]).verdict("web") == .unknown)
    #expect(Shop("istio", [deny, custom]).verdict("stranger") == .refused)
  }

  @Test func rootPoliciesHoldEverywhere() {
    let deny = istio(
      "AuthorizationPolicy", "deny", in: "istio-system",
      ["action": "DENY", "rules": [["to": [["operation": ["ports": ["8080"]]]]]]])
    #expect(Shop("istio", [deny]).verdict("web") == .refused)
    #expect(Shop("istio", [deny]).verdict("web", 9000) == .allowed)
    let elsewhere = istio("AuthorizationPolicy", "deny", in: "dev", ["action": "DENY", "rules": [[:]]])
    #expect(Shop("istio", [elsewhere]).verdict("web") == .allowed)
  }

  @Test func dryRunsEnforceNothing() {
    let dry = istio("AuthorizationPolicy", "dry", [:], annotations: ["istio.io/dry-run": "true"])
    let decision = Shop("istio", [dry]).decision("web")
    #expect(decision.verdict == .allowed)
    #expect(decision.layers[1].reasons[0].text.contains("dry run"))
  }

  @Test func requestsAreAllowedPartly() {
    let read = istio(
      "AuthorizationPolicy", "read", ["rules": [["to": [["operation": ["methods": ["GET"], "paths": ["/api*"]]]]]]])
    let decision = Shop("istio", [read]).decision("web")
    #expect(decision.verdict == .partly)
    #expect(decision.layers[1].reasons.contains { $0.text.contains("methods GET") && $0.text.contains("paths /api*") })
  }

  @Test func onPortsOfBytesRequestRulesNeverAllowAndAlwaysDeny() {
    var shop = Shop(
      "istio",
      [
        istio("AuthorizationPolicy", "read", ["rules": [["to": [["operation": ["methods": ["GET"]]]]]]])
      ])
    var service = Service(
      id: ObjectReference(kind: "Service", namespace: "shop", name: "cart"), location: shop.fleet.workloads[0].location)
    service.selector = ["app": "cart"]
    service.ports = [ServicePort(name: "tcp-cart", port: 8080)]
    shop.fleet.services = [service]
    #expect(shop.verdict("web") == .refused)
    shop.fleet.customObjects = [
      istio(
        "AuthorizationPolicy", "w", ["action": "DENY", "rules": [["to": [["operation": ["methods": ["POST"]]]]]]])
    ]
    #expect(shop.verdict("web") == .refused)
    #expect(Shop("ambient", shop.fleet.customObjects).verdict("web") == .refused, "a ztunnel reads no requests")
  }

  @Test func addressesDecideWhereTheyAreKnown() {
    let blocks = istio(
      "AuthorizationPolicy", "net", ["rules": [["from": [["source": ["ipBlocks": ["10.0.0.0/8"]]]]]]])
    let shop = Shop("istio", [blocks])
    #expect(shop.verdict("10.2.3.4") == .allowed)
    #expect(shop.verdict("11.2.3.4") == .refused)
    #expect(shop.verdict("web") == .partly)
  }

  @Test func conditions() {
    func verdict(_ condition: Document, from: String = "web") -> ReachExplanation.Verdict {
      Shop("istio", [istio("AuthorizationPolicy", "when", ["rules": [["when": [condition]]]])]).verdict(from)
    }
    #expect(verdict(["key": "source.namespace", "values": ["shop"]]) == .allowed)
    #expect(verdict(["key": "source.namespace", "notValues": ["shop"]]) == .refused)
    #expect(verdict(["key": "destination.port", "values": ["8080"]]) == .allowed)
    #expect(verdict(["key": "source.principal", "values": ["*/sa/web"]]) == .allowed)
    #expect(verdict(["key": "source.principal", "values": ["*"]], from: "stranger") == .refused)
    #expect(verdict(["key": "request.headers[x]", "values": ["1"]]) == .partly)
  }

  @Test func waypointsEnforceWhatTargetsThem() {
    let target = istio(
      "AuthorizationPolicy", "way",
      ["targetRefs": [["kind": "Service", "group": "", "name": "cart"]], "action": "DENY", "rules": [[:]]])
    #expect(Shop("istio", [target]).verdict("web") == .allowed, "sidecars enforce no policy with a target")
    #expect(Shop("ambient", [target]).verdict("web") == .allowed, "nor does a ztunnel")
  }
}
