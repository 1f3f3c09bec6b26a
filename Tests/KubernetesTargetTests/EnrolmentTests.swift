import Diagnostics
import FleetModel
import Intake
import IntentModel
import KubernetesAPI
import Planning
import Policies
import Testing

@testable import KubernetesTarget

/// What a rollout writes for each mesh and posture.
struct EnrolmentTests {
  static let meshes: [Mesh] = [.istioSidecar, .istioAmbient, .linkerd, .consul]

  static func fleet(
    _ more: String = "", web: String = "{}", cart: String = "{}", pod: String = "", replicas: Int = 1,
    resources: String = ""
  ) throws -> Fleet {
    let text = manifests(web, cart, pod, replicas, resources) + more
    return try Intake().read([InputSource(name: "in.yaml", bytes: Array(text.utf8))]).fleet
  }

  /// web serves the outside and calls cart; cart calls its store, which speaks its own protocol.
  static func manifests(_ web: String, _ cart: String, _ pod: String, _ replicas: Int, _ resources: String) -> String {
    workload("web", calls: "cart:80", annotations: web) + service("web", type: "LoadBalancer")
      + workload("cart", calls: "store:6379", annotations: cart, pod: pod, replicas: replicas, resources: resources)
      + service("cart")
      + workload("store", port: 6379) + service("store", port: 6379, target: 6379, name: "tcp-store")
  }

  static func workload(
    _ name: String, calls: String? = nil, annotations: String = "{}", port: Int = 8080, pod: String = "",
    replicas: Int = 1, resources: String = ""
  ) -> String {
    let env = calls.map { "env: [{name: PEER_ADDR, value: \"\($0)\"}]," } ?? ""
    return """
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: \(name), namespace: shop}
      spec:
        replicas: \(replicas)
        template:
          metadata: {labels: {app: \(name)}, annotations: \(annotations)}
          spec:
            {serviceAccountName: \(name), \(pod)
             containers: [{name: main, image: "x:1", \(env) resources: {\(resources)},
               ports: [{containerPort: \(port)}]}]}

      """
  }

  static func service(
    _ name: String, type: String = "ClusterIP", port: Int = 80, target: Int = 8080, name portName: String = "http"
  ) -> String {
    """
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: \(name), namespace: shop}
    spec: {type: \(type), selector: {app: \(name)}, ports: [{name: \(portName), port: \(port), targetPort: \(target)}]}

    """
  }

  static func enrolment(_ mesh: Mesh, _ fleet: Fleet) throws -> any MeshEnrolment {
    let policies = try #require(
      PostureObjects(fleet, mesh: mesh, enrolled: Set(fleet.workloads.map(\.id)), watchers: ["192.0.2.10/32"]))
    switch mesh {
    case .istioSidecar: return IstioSidecars(policies, revision: "1-24")
    case .istioAmbient: return IstioAmbient(policies)
    case .linkerd: return LinkerdProxies(policies)
    case .consul: return ConsulProxies(policies)
    case .envoy: throw BulkheadError(.unexpected, "plain Envoy has no objects of a mesh")
    }
  }

  static let way = [
    Posture(mutualTLS: .permissive), Posture(mutualTLS: .permissive, authorisation: .shadow),
    Posture(mutualTLS: .permissive, authorisation: .enforced), Posture(mutualTLS: .strict, authorisation: .enforced),
    Posture(mutualTLS: .strict, authorisation: .enforced, isolated: true),
  ]

  @Test(arguments: meshes)
  func everyPostureIsWritten(_ mesh: Mesh) throws {
    let fleet = try Self.fleet()
    let enrolment = try Self.enrolment(mesh, fleet)
    var text = "# What a rollout with \(mesh.title) writes for the workload shop/cart, posture by posture.\n"
    let cart = try #require(fleet.workloads.first { $0.id.name == "cart" })
    for posture in Self.way {
      let template = PodTemplate(
        workload: cart.id, posture: posture, revision: "w1-00c0ffee",
        additions: try enrolment.additions(cart, posture, revision: "w1-00c0ffee"))
      let body = PodTemplate.apply(cart.id, annotations: [:], template: template.template)
      let documents = [YAMLText.document(body)] + (try enrolment.objects(cart.id, posture)).map(\.yaml)
      text += documents.map { "---\n# \(PostureText.of(posture))\n\($0)" }.joined()
    }
    try expectGolden(text, "mesh-\(mesh.rawValue).yaml")
  }

  /// An apply owns what it names: labels and annotations alone, and never one of the namespace.
  @Test(arguments: meshes)
  func onlyMetadataIsAdded(_ mesh: Mesh) throws {
    let fleet = try Self.fleet()
    let enrolment = try Self.enrolment(mesh, fleet)
    for workload in fleet.workloads {
      for posture in Self.way {
        let additions = try enrolment.additions(workload, posture, revision: "w1-aa")
        #expect(additions.entries.map(\.key) == ["metadata"])
        let keys = additions["metadata"]?.entries.map(\.key) ?? []
        #expect(!keys.isEmpty && keys.allSatisfy { ["labels", "annotations"].contains($0) })
        for object in try enrolment.objects(workload.id, posture) {
          #expect(object.id.namespace == "shop")
          #expect(try MeshKinds.name(of: object).name == object.id.name)
        }
      }
    }
  }

  @Test(
    arguments: [
      (.istioSidecar, #""containers":[{"name":"app"},{"name":"istio-proxy"}]"#, "{}", nil),
      (
        .istioSidecar,
        #""containers":[{"name":"app"}],"initContainers":[{"name":"istio-proxy","restartPolicy":"Always"}]"#,
        "{}", nil
      ),
      (.istioSidecar, #""containers":[{"name":"app"}],"initContainers":[{"name":"istio-proxy"}]"#, "{}", "istio-proxy"),
      (.istioSidecar, #""containers":[{"name":"app"}]"#, "{}", "istio-proxy"),
      (.linkerd, #""containers":[{"name":"linkerd-proxy"},{"name":"app"}]"#, "{}", nil),
      (.linkerd, #""containers":[{"name":"app"}]"#, "{}", "linkerd-proxy"),
      (.consul, #""containers":[{"name":"app"},{"name":"consul-dataplane"}]"#, "{}", nil),
      (.consul, #""containers":[{"name":"app"},{"name":"istio-proxy"}]"#, "{}", "consul-dataplane"),
      (.istioAmbient, #""containers":[{"name":"app"}]"#, #"{"ambient.istio.io/redirection":"enabled"}"#, nil),
      (.istioAmbient, #""containers":[{"name":"app"}]"#, "{}", "redirection"),
      (.istioAmbient, #""containers":[{"name":"app"}]"#, #"{"ambient.istio.io/redirection":"pending"}"#, "redirection"),
      (
        .istioAmbient, #""containers":[{"name":"app"},{"name":"istio-proxy"}]"#,
        #"{"ambient.istio.io/redirection":"enabled"}"#, "sidecar"
      ),
    ] as [(Mesh, String, String, String?)])
  func aPodWithoutItsProxyIsKnown(_ mesh: Mesh, _ spec: String, _ annotations: String, _ lack: String?) throws {
    let pod = try value(#"{"metadata":{"annotations":\#(annotations)},"spec":{\#(spec)}}"#)
    let found = try Self.enrolment(mesh, Self.fleet()).lacks(pod)
    #expect((found == nil) == (lack == nil))
    if let lack { #expect(found?.contains(lack) == true, "\(found ?? "")") }
  }

  @Test func policiesNameNoNamespaceThatCannotBeNamed() throws {
    func policy(_ name: String) throws -> DocumentValue {
      try value(
        #"{"spec":{"egress":[{"to":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"\#(name)"}},"#
          + #""podSelector":{"matchLabels":{"k8s-app":"kube-dns"}}}]}]}}"#)
    }
    let open = try NamespaceNames.without(try policy("kube-system"), labelled: ["shop"], refusing: ["shop", "pay"])
    let peer = open[path: "spec", "egress"]?.elements.first?["to"]?.elements.first
    #expect(peer?.entries.first == .init("namespaceSelector", .mapping([])))
    #expect(peer?["podSelector"] != nil)
    let shop = try policy("shop")
    #expect(try NamespaceNames.without(shop, labelled: ["shop"], refusing: ["shop"]) == shop)
    #expect(throws: BulkheadError.self) {
      try NamespaceNames.without(try policy("pay"), labelled: ["shop"], refusing: ["shop", "pay"])
    }
  }
}
