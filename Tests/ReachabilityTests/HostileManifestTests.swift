import Diagnostics
import FleetModel
import Intake
import Testing

@testable import Reachability

/// Manifests that nobody means well with, from their text to the answer.
struct HostileManifestTests {
  private func read(_ yaml: String) throws -> IntakeResult {
    try Intake().read([InputSource(name: "hostile.yaml", bytes: Array(yaml.utf8))])
  }

  private static func podText(_ name: String, owner: String = "") -> String {
    """
    apiVersion: v1
    kind: Pod
    metadata: {name: \(name), namespace: shop, labels: {app: \(name)}\(owner)}
    spec: {containers: [{name: main, image: a}]}
    ---

    """
  }

  private static func replicaSet(_ name: String, owner: String) -> String {
    """
    apiVersion: apps/v1
    kind: ReplicaSet
    metadata:
      name: \(name)
      namespace: shop
      ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: \(owner), uid: u}]
    spec:
      selector: {matchLabels: {app: \(name)}}
      template: {metadata: {labels: {app: \(name)}}, spec: {containers: [{name: main, image: a}]}}
    ---

    """
  }

  private static func policyText(_ port: Int) -> String {
    """
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: guard, namespace: shop}
    spec: {podSelector: {matchLabels: {app: a}}, ingress: [{ports: [{port: \(port)}]}]}
    ---

    """
  }

  /// Objects that contradict each other under one name: a finding, and the same answer every time.
  @Test func conflictingDuplicates() throws {
    let yaml = Self.podText("a") + Self.podText("b") + Self.policyText(80) + Self.policyText(443)
    let result = try read(yaml)
    #expect(result.findings.contains { $0.code == "BH-INTAKE-006" })
    #expect(result.fleet.networkPolicies.count == 1)
    let lines = result.fleet.lines()
    #expect(lines == (try read(yaml).fleet.lines()))
    let calls = lines.filter { $0.hasPrefix("shop/b") && $0.contains("shop/a") }
    #expect(calls == ["shop/b[Pod] -> shop/a[Pod] : TCP 443"], "the last definition counts, as with kubectl apply")
  }

  /// Owners that own each other, or themselves.
  @Test func cyclicOwners() throws {
    let owner = ", ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: one, uid: u}]"
    let itself = ", ownerReferences: [{apiVersion: v1, kind: Pod, name: c, uid: u}]"
    let fleet = try read(
      Self.replicaSet("one", owner: "two") + Self.replicaSet("two", owner: "one") + Self.podText("a", owner: owner)
        + Self.podText("c", owner: itself)
    ).fleet
    let lines = fleet.lines()
    #expect(lines.contains { $0.hasPrefix("shop/c[Pod] -> ") })
    #expect(
      lines.allSatisfy { line in
        let ends = line.components(" -> ")
        return ends[0] != ends[1].components(" : ")[0]
      })
  }

  /// Every rule lets the ingress controller in, and a thousand workloads are behind one Ingress each.
  @Test func manyRulesMeetManyIngresses() {
    let count = 1_000
    let rules = (0..<100_000).map { number in
      NetworkPolicy.Rule(
        peers: [
          number % 2 == 0 ? .block(cidr: "10.0.0.0/8", except: []) : .pods(namespaces: LabelSelector(), pods: nil)
        ],
        ports: [.tcp(1 + number % 60_000)])
    }
    var input = fleet(
      (0..<count).map { pod("p\($0)", ["app": "a\($0)"], ports: [ContainerPort(name: nil, port: 8080)]) },
      [policy("huge", ingress: rules)])
    let place = input.workloads[0].location
    input.services = (0..<count).map { number in
      var service = Service(
        id: ObjectReference(kind: "Service", namespace: "default", name: "s\(number)"), location: place)
      service.selector = ["app": "a\(number)"]
      service.ports = [ServicePort(port: 8080)]
      return service
    }.sorted { $0.id < $1.id }
    var ingress = Ingress(id: ObjectReference(kind: "Ingress", namespace: "default", name: "all"), location: place)
    ingress.backends = input.services.map {
      Ingress.Backend(host: "", path: "", service: $0.id.name, port: .number(8080))
    }
    input.ingresses = [ingress]
    let index = ReachIndex(input)
    let rows = IngressController(input, index).rows(ReachPeers(input, index))
    #expect(rows.count == count)
    #expect(rows.allSatisfy { $0.ports.description == "TCP 8080" })
  }
}

extension String {
  fileprivate func components(_ separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
