import FleetModel
import IntentModel
import MeshTraps
import Testing

/// Trap T15: what NetworkPolicies must admit for a mesh, against a brute-force reading of random policies.
struct NetworkPolicyGapTests {
  private static let pod = Piece.deployment(
    container: "ports: [{containerPort: 8080, name: web}]\nreadinessProbe: {httpGet: {path: /, port: 8080}}")
  private static let peers = "from: [{podSelector: {matchLabels: {app: web}}}]"

  private func messages(_ mesh: Mesh, _ policy: String) throws -> [String] {
    try TrapRun.hits("T15", Self.pod + Piece.policy(policy), mesh).map(\.message)
  }

  @Test func ambientNeedsTheTunnelFromThePeersMeant() throws {
    let probe = "{from: [{ipBlock: {cidr: 169.254.7.127/32}}], ports: [{port: 8080}]}"
    let closed = try messages(.istioAmbient, "ingress: [{\(Self.peers), ports: [{port: 8080}]}, \(probe)]")
    #expect(closed.count == 1 && closed[0].contains("do not admit port 15008"))
    let open = try messages(
      .istioAmbient, "ingress: [{\(Self.peers), ports: [{port: 8080}]}, {ports: [{port: 15008}]}, \(probe)]")
    #expect(open.count == 1 && open[0].contains("to everyone"))
    let good = try messages(
      .istioAmbient, "ingress: [{\(Self.peers), ports: [{port: 8080}, {port: 15008}]}, \(probe)]")
    #expect(good == [])
  }

  @Test func ambientNeedsTheKubeletsProbes() throws {
    let rule = "{\(Self.peers), ports: [{port: 8080}, {port: 15008}]}"
    let cut = try messages(.istioAmbient, "ingress: [\(rule)]")
    #expect(cut.count == 1 && cut[0].contains("169.254.7.127"))
    for block in ["0.0.0.0/0", "169.254.0.0/16", "169.254.7.127"] {
      #expect(
        try messages(.istioAmbient, "ingress: [\(rule), {from: [{ipBlock: {cidr: \(block)}}], ports: [{port: web}]}]")
          == [])
    }
    let excepted = "{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}], ports: [{port: web}]}"
    #expect(try messages(.istioAmbient, "ingress: [\(rule), \(excepted)]").count == 1)
  }

  @Test func aPodCutOffOnPurposeStaysSo() throws {
    let found = try messages(.istioAmbient, "policyTypes: [Ingress], ingress: []")
    #expect(found.count == 1 && found[0].contains("169.254.7.127"))
  }

  @Test(arguments: [
    (Mesh.istioSidecar, ["port 15012", "port 53"]), (.linkerd, ["port 8080", "port 8086", "port 8090", "port 53"]),
    (.consul, ["port 8502", "port 53"]), (.istioAmbient, ["port 53"]), (.envoy, []),
  ]) func egressMustReachTheControlPlane(_ mesh: Mesh, _ missing: [String]) throws {
    let found = try messages(mesh, "policyTypes: [Egress], egress: []")
    #expect(found.count == missing.count)
    for (message, part) in zip(found, missing) { #expect(message.contains(part)) }
    #expect(try messages(mesh, "policyTypes: [Egress], egress: [{}]") == [])
    #expect(
      try messages(
        mesh, "policyTypes: [Egress], egress: [{ports: [{protocol: UDP, port: 53}, {port: 1, endPort: 65535}]}]") == [])
  }

  @Test func consulNeedsItsProxysPort() throws {
    let found = try messages(.consul, "ingress: [{\(Self.peers), ports: [{port: 8080}]}]")
    #expect(found.count == 1 && found[0].contains("20000"))
  }

  /// Random rules: the tunnel counts as admitted exactly when one rule names a range around 15008, all ports or none.
  @Test func randomPoliciesAgreeWithBruteForce() throws {
    var state: UInt64 = 7
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    for _ in 0..<150 {
      var rules: [String] = []
      var admitted = false
      var everyone = false
      var anyone = false
      for _ in 0...next(3) {
        let low = [80, 15000, 15008, 15009][next(4)]
        let high = low + [0, 8, 20][next(3)]
        let open = next(2) == 0
        let all = next(6) == 0
        rules.append(
          "{\(open ? "" : Self.peers + ", ")\(all ? "" : "ports: [{port: \(low), endPort: \(high)}]")}"
            .replacing(", }", with: "}"))
        guard all || (low...high).contains(15008) else { continue }
        admitted = true
        if open { everyone = true }
        if open && all { anyone = true }
      }
      let found = try messages(.istioAmbient, "ingress: [\(rules.joined(separator: ", "))]")
      #expect(found.contains { $0.contains("do not admit port 15008") } == !admitted, "\(rules)")
      #expect(found.contains { $0.contains("to everyone") } == (everyone && !anyone), "\(rules)")
    }
  }
}
