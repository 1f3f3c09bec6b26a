import Diagnostics
import FleetModel
import Testing

@testable import Reachability

@Suite struct Questions {
  private var shop: Fleet {
    let place = SourceLocation(file: "s.yaml", line: 1)
    var input = fleet(
      [
        pod("web", ["app": "web"]), pod("cart", ["app": "cart"], ports: [ContainerPort(name: "grpc", port: 7070)]),
        pod("cart", in: "dev", ["app": "cart"]),
      ], [])
    var service = Service(id: ObjectReference(kind: "Service", namespace: "default", name: "basket"), location: place)
    service.selector = ["app": "cart"]
    service.ports = [ServicePort(name: "api", port: 80, target: .named("grpc"))]
    input.services = [service]
    return input
  }

  @Test(arguments: [
    ("web", "default/cart", "7070", 7070, Transport.tcp),
    ("default/web[Deployment]", "default/cart[Deployment]", "grpc", 7070, .tcp),
    ("{ingress-controller}", "web", "53/udp", 53, .udp), ("10.0.0.1", "basket", "80", 7070, .tcp),
    ("web", "default/basket[Service]", "api", 7070, .tcp), ("web", "169.254.169.254", "80", 80, .tcp),
  ])
  func areUnderstood(_ from: String, _ to: String, _ port: String, _ number: Int, _ transport: Transport) throws {
    let questions = try ReachQuestion.read(from: from, to: to, port: port, in: shop)
    #expect(questions.count == 1)
    #expect(questions.first?.port == number)
    #expect(questions.first?.transport == transport)
  }

  @Test(arguments: [
    ("nobody", "web", "80"), ("web", "cart", "80"), ("web", "default/cart", "http"), ("web", "default/cart", "0"),
    ("web", "default/cart", "65536"), ("web", "default/cart", "80/ICMP"), ("basket", "web", "80"),
    ("web", "basket", "81"),
    ("", "web", "80"), ("web", "\u{1B}[31m", "80"), ("web", "default/cart", ""),
  ])
  func areRefusedWithACure(_ from: String, _ to: String, _ port: String) {
    let error = #expect(throws: BulkheadError.self) { try ReachQuestion.read(from: from, to: to, port: port, in: shop) }
    #expect(error?.exit == .usage)
    #expect(error?.cure.isEmpty == false)
    #expect(error?.description.contains("\u{1B}") == false)
  }

  @Test func exposuresToTheOutside() {
    var input = shop
    input.services[0].type = "LoadBalancer"
    let open = OutsideExposure.all(in: input, ReachIndex(input))
    #expect(open.map(\.ports.description) == ["TCP 7070"])
    #expect(open.map(\.open.description) == ["TCP 7070"])
    input.networkPolicies = [policy("own", ingress: [.init(peers: [.pods(namespaces: nil, pods: nil)])])]
    #expect(OutsideExposure.all(in: input, ReachIndex(input)).map(\.open.isEmpty) == [true])
  }
}
