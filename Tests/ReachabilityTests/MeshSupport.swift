import Diagnostics
import FleetModel

@testable import Reachability

/// A value of a document, written as Swift literals.
enum Document: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  case value(DocumentValue)

  init(stringLiteral text: String) { self = .value(.string(text)) }
  init(integerLiteral number: Int) { self = .value(.integer(number)) }
  init(booleanLiteral value: Bool) { self = .value(.bool(value)) }
  init(arrayLiteral elements: Document...) { self = .value(.list(elements.map(\.value))) }
  init(dictionaryLiteral elements: (String, Document)...) {
    self = .value(.mapping(elements.map { DocumentValue.Entry($0.0, $0.1.value) }))
  }

  var value: DocumentValue {
    switch self {
    case .value(let value): value
    }
  }
}

func object(
  _ kind: String, _ name: String, in namespace: String = "shop", group: String, _ spec: Document,
  annotations: [String: String] = [:]
) -> CustomObject {
  var object = CustomObject(
    id: ObjectReference(kind: kind, namespace: namespace, name: name), apiVersion: "\(group)/v1",
    location: SourceLocation(file: "mesh.yaml", line: 5))
  object.annotations = annotations
  object.spec = spec.value
  return object
}

func istio(
  _ kind: String, _ name: String, in namespace: String = "shop", _ spec: Document, annotations: [String: String] = [:]
) -> CustomObject {
  object(kind, name, in: namespace, group: "security.istio.io", spec, annotations: annotations)
}

/// A shop in a mesh, and a stranger outside of it.
struct Shop {
  var fleet: Fleet

  init(_ mesh: String, _ objects: [CustomObject] = []) {
    var workloads = [
      pod("web", in: "shop", ["app": "web"]),
      pod("cart", in: "shop", ["app": "cart"], ports: [ContainerPort(name: "http", port: 8080)]),
      pod("stranger", in: "dev"),
    ]
    for index in workloads.indices { workloads[index].pod.serviceAccount = workloads[index].id.name }
    fleet = sortedFleet(workloads)
    let place = SourceLocation(file: "ns.yaml", line: 1)
    var namespace = Namespace(name: "shop", labels: [:], location: place)
    switch mesh {
    case "istio": namespace.labels = ["istio-injection": "enabled"]
    case "ambient": namespace.labels = ["istio.io/dataplane-mode": "ambient"]
    case "linkerd": namespace.annotations = ["linkerd.io/inject": "enabled"]
    default:
      for index in fleet.workloads.indices where fleet.workloads[index].id.namespace == "shop" {
        fleet.workloads[index].podAnnotations["consul.hashicorp.com/connect-inject"] = "true"
      }
    }
    fleet.namespaces = [namespace]
    fleet.customObjects = objects
  }

  /// What the mesh says of a call from a workload to the cart.
  func verdict(_ from: String, _ port: Int = 8080, to: String = "cart", consul: Bool? = nil) -> ReachExplanation.Verdict
  {
    decision(from, port, to: to, consul: consul).verdict
  }

  func decision(_ from: String, _ port: Int = 8080, to: String = "cart", consul: Bool? = nil) -> MeshDecision {
    let caller: MeshCaller =
      Address(from).map { .address($0) } ?? .workload(fleet.position(from))
    return MeshLayer(fleet, consulDefaultAllows: consul).decide(from: caller, to: fleet.position(to), port: port)
  }
}

private func sortedFleet(_ workloads: [Workload]) -> Fleet { fleet(workloads, []) }
