import Diagnostics
import FleetModel
import IntentModel
import Testing

/// Which ports callers without an identity must reach: of a web server with a port for users and one for colleagues.
@Suite struct OutsideEntranceTests {
  private static let place = SourceLocation(file: "shop.yaml", line: 1)
  private static func id(_ kind: String, _ name: String) -> ObjectReference {
    ObjectReference(kind: kind, namespace: "shop", name: name)
  }

  private static func workload(_ name: String) -> Workload {
    var workload = Workload(id: id("Deployment", name), location: place)
    workload.podLabels = ["app": name]
    return workload
  }

  private static func service(_ name: String, of app: String = "web", _ ports: ServicePort...) -> Service {
    var service = Service(id: id("Service", name), location: place)
    service.selector = ["app": app]
    service.ports = ports
    return service
  }

  /// `worker` calls port 9000 of the web server, which calls nobody.
  private static var shop: Fleet {
    var fleet = Fleet()
    fleet.workloads = [workload("web"), workload("worker")]
    fleet.services = [
      service("web", ServicePort(name: "http", port: 80, target: .number(8080)), ServicePort(name: "own", port: 9000))
    ]
    fleet.calls = [
      Call(
        caller: id("Deployment", "worker"), service: id("Service", "web"), host: "web", port: 9000,
        target: id("Deployment", "web"), wireProtocol: .http,
        evidence: .wiring(text: "WEB=web:9000", location: place))
    ]
    return fleet
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var open: [Int]
    var change: @Sendable (inout Fleet) -> Void

    init(_ what: String, _ open: [Int], _ change: @escaping @Sendable (inout Fleet) -> Void) {
      (testDescription, self.open, self.change) = (what, open, change)
    }
  }

  static let cases: [Case] = [
    Case("called from inside alone", []) { _ in },
    Case("a load balancer, whole", [8080, 9000]) { $0.services[0].type = "LoadBalancer" },
    Case("external addresses", [8080, 9000]) { $0.services[0].externalIPs = ["203.0.113.9"] },
    Case("a second service for users", [8080]) {
      var users = service("users", ServicePort(port: 443, target: .number(8080)))
      users.type = "NodePort"
      $0.services.append(users)
    },
    Case("an Ingress, by number", [8080]) { $0.ingresses = [ingress("web", .number(80))] },
    Case("an Ingress, by name", [9000]) { $0.ingresses = [ingress("web", .named("own"))] },
    Case("an Ingress for somebody else", []) { $0.ingresses = [ingress("other", .number(80))] },
    Case("an Ingress for a port that is not there", []) { $0.ingresses = [ingress("web", .number(81))] },
    Case("a route of a gateway", [8080]) { $0.customObjects = [route(parent: "Gateway", port: 80)] },
    Case("a route of the mesh", []) { $0.customObjects = [route(parent: "Service", port: 80)] },
    Case("a webhook", [9000]) { $0.webhooks = [webhook(port: 9000)] },
    Case("nobody calls it and it calls others", [8080, 9000]) {
      $0.services.append(service("worker", of: "worker", ServicePort(port: 80)))
      ($0.calls[0].caller, $0.calls[0].target) = (id("Deployment", "web"), id("Deployment", "worker"))
      ($0.calls[0].service, $0.calls[0].port) = (id("Service", "worker"), 80)
    },
  ]

  private static func ingress(_ service: String, _ port: PortReference) -> Ingress {
    var ingress = Ingress(id: id("Ingress", "front"), location: place)
    ingress.backends = [.init(host: "", path: "/", service: service, port: port)]
    return ingress
  }

  private static func route(parent: String, port: Int) -> CustomObject {
    func map(_ entries: [(String, DocumentValue)]) -> DocumentValue {
      .mapping(entries.map { DocumentValue.Entry($0.0, $0.1) })
    }
    var route = CustomObject(
      id: id("HTTPRoute", "front"), apiVersion: "gateway.networking.k8s.io/v1", location: place)
    let backend = map([("name", .string("web")), ("port", .integer(port))])
    route.spec = map([
      ("parentRefs", .list([map([("kind", .string(parent)), ("name", .string("any"))])])),
      ("rules", .list([map([("backendRefs", .list([backend]))])])),
    ])
    return route
  }

  private static func webhook(port: Int) -> WebhookConfiguration {
    var configuration = WebhookConfiguration(
      id: ObjectReference(kind: "ValidatingWebhookConfiguration", namespace: "", name: "check"), location: place)
    var hook = WebhookConfiguration.Webhook(name: "check.example.com")
    hook.service = id("Service", "web")
    hook.port = port
    configuration.webhooks = [hook]
    return configuration
  }

  @Test(arguments: cases)
  func exactlyThePortsThatAreMeantServeTheOutside(_ example: Case) throws {
    var fleet = Self.shop
    example.change(&fleet)
    let derivation = IntentDerivation(fleet: fleet)
    let web = fleet.workloads[0]
    let intent = derivation.intent(of: web, posture: .untouched)
    #expect(intent.inbound.filter(\.servesOutside).map(\.port) == example.open)
    #expect(intent.servesOutside == !example.open.isEmpty)
    #expect(derivation.servesOutside(web) == !example.open.isEmpty)
    #expect(derivation.entries.map(\.id.name) == (example.open.isEmpty ? [] : ["web"]))
    #expect((derivation.webhook(answeredBy: web) != nil) == (example.testDescription == "a webhook"))
  }

  @Test func admissionsStandInForWhatIsKnown() {
    let fleet = Self.shop
    let (web, worker) = (fleet.workloads[0], fleet.workloads[1])
    var admissions = Admissions()
    admissions.callers[.init(workload: web.id, port: 8080)] = [worker.id]
    admissions.outside = [.init(workload: web.id, port: 9000)]
    let derivation = IntentDerivation(fleet: fleet, admissions: admissions)
    let inbound = derivation.intent(of: web, posture: .untouched).inbound
    #expect(inbound.map(\.port) == [8080, 9000])
    #expect(inbound.map(\.callers) == [[worker.id], []])
    #expect(inbound.map(\.servesOutside) == [false, true])
    let outbound = derivation.intent(of: worker, posture: .untouched).outbound
    #expect(outbound.map(\.servicePort) == [80, 9000], "everybody tries every service")
    #expect(derivation.intent(of: web, posture: .untouched).outbound.isEmpty)
  }
}
