import Diagnostics
import FleetModel
import Testing

@testable import Reachability

/// The policies that everybody writes, and what they mean.
@Suite struct Recipes {
  private static let everyone = "0.0.0.0-255.255.255.255"
  private let web = pod("web", ["app": "web"], ports: [ContainerPort(name: "http", port: 8080)])
  private let api = pod("api", ["app": "api"])
  private let other = pod("other", in: "dev", ["app": "web"])

  @Test func withoutPoliciesAllReachAll() {
    #expect(
      fleet([web, api], []).lines() == [
        "\(Self.everyone) -> default/api[Deployment] : all", "\(Self.everyone) -> default/web[Deployment] : all",
        "default/api[Deployment] -> \(Self.everyone) : all", "default/api[Deployment] -> default/web[Deployment] : all",
        "default/web[Deployment] -> \(Self.everyone) : all", "default/web[Deployment] -> default/api[Deployment] : all",
      ])
  }

  @Test func denyAllIngressLeavesEgress() {
    let lines = fleet([web, api, other], [policy("deny", ingress: [])]).lines()
    #expect(lines.allSatisfy { !$0.contains("-> default/") })
    #expect(lines.contains("default/web[Deployment] -> dev/other[Deployment] : all"))
  }

  @Test func denyAllEgressLeavesIngress() {
    let lines = fleet([web, other], [policy("deny", egress: [])]).lines()
    #expect(
      lines == [
        "\(Self.everyone) -> default/web[Deployment] : all", "\(Self.everyone) -> dev/other[Deployment] : all",
        "dev/other[Deployment] -> \(Self.everyone) : all", "dev/other[Deployment] -> default/web[Deployment] : all",
      ])
  }

  @Test func anEmptyRuleAllowsEveryone() {
    let open = policy("open", selects: labels(["app": "web"]), ingress: [.init()])
    let lines = fleet([web, api], [policy("deny", ingress: []), open]).lines()
    #expect(lines.contains("\(Self.everyone) -> default/web[Deployment] : all"))
    #expect(!lines.contains { $0.contains("-> default/api") })
  }

  @Test func onlyTheOwnNamespace() {
    let own = policy("own", ingress: [.init(peers: [.pods(namespaces: nil, pods: LabelSelector())])])
    let lines = fleet([web, api, other], [own]).lines()
    #expect(lines.contains("default/api[Deployment] -> default/web[Deployment] : all"))
    #expect(!lines.contains { $0.hasPrefix("dev/other") && $0.contains("-> default/") })
    #expect(!lines.contains { $0.hasPrefix(Self.everyone) && $0.contains("-> default/") })
  }

  @Test func everyNamespaceByAnEmptySelectorButNobodyOutside() {
    let all = policy("all", ingress: [.init(peers: [.pods(namespaces: LabelSelector(), pods: nil)])])
    let lines = fleet([web, other], [all]).lines()
    #expect(lines.contains("dev/other[Deployment] -> default/web[Deployment] : all"))
    #expect(!lines.contains("\(Self.everyone) -> default/web[Deployment] : all"))
  }

  @Test func namespacesByTheirAutomaticLabel() {
    let dev = policy(
      "dev",
      ingress: [.init(peers: [.pods(namespaces: labels(["kubernetes.io/metadata.name": "dev"]), pods: nil)])])
    let lines = fleet([web, api, other], [dev]).lines()
    #expect(lines.contains("dev/other[Deployment] -> default/web[Deployment] : all"))
    #expect(!lines.contains("default/api[Deployment] -> default/web[Deployment] : all"))
  }

  @Test func namespaceAndPodSelectorsOfOnePeerBothCount() {
    let both = policy(
      "both",
      ingress: [.init(peers: [.pods(namespaces: labels(["team": "a"]), pods: labels(["app": "client"]))])])
    let lines = fleet(
      [web, pod("client", in: "dev", ["app": "client"]), other, pod("client", in: "qa", ["app": "client"])], [both],
      namespaces: ["dev": ["team": "a"], "qa": ["team": "b"]]
    ).lines()
    #expect(
      lines.filter { $0.contains("-> default/web") } == ["dev/client[Deployment] -> default/web[Deployment] : all"])
  }

  @Test func namedPortsAreEachPodsOwn() {
    let second = pod("second", ["app": "web"], ports: [ContainerPort(name: "http", port: 9090)])
    let udp = pod("udp", ["app": "web"], ports: [ContainerPort(name: "http", port: 53, transport: .udp)])
    let named = policy("named", selects: labels(["app": "web"]), ingress: [.init(ports: [.named("http")])])
    let lines = fleet([web, second, udp, api], [named]).lines().filter {
      $0.hasPrefix("default/api") && $0.contains("-> default")
    }
    #expect(
      lines == [
        "default/api[Deployment] -> default/second[Deployment] : TCP 9090",
        "default/api[Deployment] -> default/web[Deployment] : TCP 8080",
      ])
  }

  @Test func egressByNamesMeansTheDestinationsPorts() {
    let named = policy("named", selects: labels(["app": "api"]), egress: [.init(ports: [.named("http")])])
    let lines = fleet([web, api, other], [named]).lines().filter { $0.hasPrefix("default/api") }
    #expect(lines == ["default/api[Deployment] -> default/web[Deployment] : TCP 8080"])
  }

  @Test func blocksWithExceptionsBecomeMaximalRanges() {
    let block = policy(
      "block",
      egress: [
        .init(peers: [.block(cidr: "10.0.0.0/8", except: ["10.1.0.0/16"])], ports: [.tcp(443)]),
        .init(peers: [.block(cidr: "11.0.0.0/8", except: [])], ports: [.tcp(443)]),
        .init(peers: [.block(cidr: "10.1.0.0/16", except: [])], ports: [.tcp(80)]),
      ])
    #expect(
      fleet([web], [block]).lines().filter { $0.hasPrefix("default") } == [
        "default/web[Deployment] -> 10.0.0.0-10.0.255.255 : TCP 443",
        "default/web[Deployment] -> 10.1.0.0-10.1.255.255 : TCP 80",
        "default/web[Deployment] -> 10.2.0.0-11.255.255.255 : TCP 443",
      ])
  }

  @Test func portRangesAndProtocols() {
    let ports = policy(
      "ports",
      ingress: [
        .init(ports: [.tcp(80, 90), .tcp(91), .tcp(85, 100), .init(transport: .sctp, number: .all)])
      ])
    #expect(fleet([web], [ports]).lines().first == "\(Self.everyone) -> default/web[Deployment] : SCTP TCP 80-100")
  }

  @Test func allPortsOfAllProtocolsIsAll() {
    let ports = policy(
      "ports",
      ingress: [
        .init(ports: [
          .init(transport: .tcp, number: .all), .init(transport: .udp, number: .range(1, 65_535)),
          .init(transport: .sctp, number: .all),
        ])
      ])
    #expect(fleet([web], [ports]).lines().first == "\(Self.everyone) -> default/web[Deployment] : all")
  }

  @Test func anOwnerStandsForItsPodsAndHasNoEdgeToItself() {
    var pods = ["a", "b"].map { pod("cart-5f-\($0)", ["app": "cart"], kind: "Pod") }
    for index in pods.indices {
      pods[index].firstOwner = ObjectReference(kind: "ReplicaSet", namespace: "default", name: "cart-5f")
    }
    #expect(
      fleet(pods, []).lines() == [
        "\(Self.everyone) -> default/cart-5f[ReplicaSet] : all",
        "default/cart-5f[ReplicaSet] -> \(Self.everyone) : all",
      ])
  }

  @Test func hostNetworkPodsAreGovernedUnlessExempt() {
    let host = pod("host", ["app": "host"], hostNetwork: true)
    let deny = [policy("deny", ingress: [])]
    #expect(!fleet([web, host], deny).lines().contains("default/web[Deployment] -> default/host[Deployment] : all"))
    let exempt = fleet([web, host], deny).lines(ReachOptions(exemptHostNetwork: true))
    #expect(exempt.contains("default/web[Deployment] -> default/host[Deployment] : all"))
    #expect(!exempt.contains("default/host[Deployment] -> default/web[Deployment] : all"))
  }

  @Test func anIngressControllerReachesTheTargetPortsThatPoliciesLeaveOpen() {
    let place = SourceLocation(file: "i.yaml", line: 1)
    var input = fleet([web, api], [])
    var service = Service(id: ObjectReference(kind: "Service", namespace: "default", name: "web"), location: place)
    service.selector = ["app": "web"]
    service.ports = [ServicePort(name: "w", port: 80, target: .named("http"))]
    input.services = [service]
    var ingress = Ingress(id: ObjectReference(kind: "Ingress", namespace: "default", name: "web"), location: place)
    ingress.backends = [.init(host: "", path: "/", service: "web", port: .number(80))]
    input.ingresses = [ingress]
    let line = "{ingress-controller} -> default/web[Deployment] : TCP 8080"
    #expect(input.lines().contains(line))
    input.ingresses = []
    input.customObjects = [
      object("Route", "web", in: "default", group: "route.openshift.io", ["to": ["kind": "Service", "name": "web"]])
    ]
    #expect(input.lines().contains(line), "a route means all ports of its service")
    input.networkPolicies = [policy("own", ingress: [.init(peers: [.pods(namespaces: nil, pods: nil)])])]
    #expect(!input.lines().contains { $0.hasPrefix("{") })
    input.networkPolicies = [policy("all", ingress: [.init(peers: [.pods(namespaces: LabelSelector(), pods: nil)])])]
    #expect(input.lines().contains(line))
  }

  @Test func adminPoliciesGoFirstAndPassOnWhatTheyPass() {
    var admin = AdminNetworkPolicy(
      id: ObjectReference(kind: "AdminNetworkPolicy", namespace: "", name: "guard"),
      location: SourceLocation(file: "a.yaml", line: 1),
      subject: .init(.namespaces(labels(["kubernetes.io/metadata.name": "default"]))))
    admin.priority = 1
    let everybody = [AdminNetworkPolicy.Peer(.namespaces(LabelSelector()))]
    admin.ingress = [
      .init(action: .allow, peers: everybody, ports: [.tcp(22)]),
      .init(action: .pass, peers: everybody, ports: [.tcp(80)]),
      .init(action: .deny, peers: everybody),
    ]
    var input = fleet([web, other], [])
    input.adminPolicies = [admin]
    #expect(input.lines().contains("dev/other[Deployment] -> default/web[Deployment] : TCP 22,80"))
    input.networkPolicies = [policy("deny", ingress: [])]
    #expect(input.lines().contains("dev/other[Deployment] -> default/web[Deployment] : TCP 22"))
  }

  @Test(arguments: [
    "10.0.0/8", "10.0.0.0/33", "", "10.0.0.0/8/8", "::/129", "10.01.0.0/8", "localhost", "1:2:3/8", "::1::/3",
  ])
  func aBadBlockMatchesNothingAndIsFound(_ block: String) {
    let input = fleet([web], [policy("bad", egress: [.init(peers: [.block(cidr: block, except: [])])])])
    let index = ReachIndex(input)
    #expect(index.addressesV4(.egress)[0].isEmpty)
    #expect(index.findings.map(\.code) == ["BH-REACH-001"])
  }
}
