import FleetModel
import Intake

/// Something that was asked of a cluster.
enum Asked<Value: Sendable>: Sendable {
  case known(Value)
  /// Why it is not known.
  case unknown(String)

  var value: Value? {
    if case .known(let value) = self { return value }
    return nil
  }
  var why: String {
    if case .unknown(let why) = self { return why }
    return ""
  }
}

/// What a preflight looks at.
struct ClusterFacts: Sendable {
  var version: Asked<DocumentValue> = .unknown("not asked")
  var discovery: Asked<Discovery> = .unknown("not asked")
  var clockSkew: Int?
  var nodes: Asked<[DocumentValue]> = .unknown("not asked")
  var pods: Asked<[PodRoom]> = .unknown("not asked")
  var namespaces: Asked<[DocumentValue]> = .unknown("not asked")
  /// Mutating and validating configurations.
  var webhooks: Asked<[DocumentValue]> = .unknown("not asked")
  var services: Asked<[DocumentValue]> = .unknown("not asked")
  var endpoints: Asked<[DocumentValue]> = .unknown("not asked")
  /// Deployments and DaemonSets.
  var controllers: Asked<[DocumentValue]> = .unknown("not asked")

  static func gather(_ client: KubernetesClient) async throws -> ClusterFacts {
    var facts = ClusterFacts()
    facts.version = try await asked { try await client.read("/version") }
    facts.discovery = try await asked { try await client.discover { _ in true } }
    facts.clockSkew = client.clockSkew
    facts.nodes = try await list(client, .nodes)
    facts.pods = try await asked { try await client.list(.pods, namespace: nil) { PodRoom($0.value) }.items }
    facts.namespaces = try await list(client, .namespaces)
    facts.services = try await list(client, resource("", "v1", "Service", "services"))
    facts.endpoints = try await list(client, resource("", "v1", "Endpoints", "endpoints"))
    facts.controllers = try await joined(
      list(client, resource("apps", "v1", "Deployment", "deployments")),
      list(client, resource("apps", "v1", "DaemonSet", "daemonsets")))
    let group = "admissionregistration.k8s.io"
    facts.webhooks = try await joined(
      list(client, resource(group, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false)),
      list(client, resource(group, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false)))
    return facts
  }

  private static func resource(
    _ group: String, _ version: String, _ kind: String, _ plural: String, _ isNamespaced: Bool = true
  ) -> APIResource {
    APIResource(group: group, version: version, kind: kind, plural: plural, isNamespaced: isNamespaced)
  }

  private static func list(_ client: KubernetesClient, _ resource: APIResource) async throws -> Asked<[DocumentValue]> {
    try await asked { try await client.list(resource, namespace: nil).items }
  }

  private static func joined(
    _ left: Asked<[DocumentValue]>, _ right: Asked<[DocumentValue]>
  ) -> Asked<[DocumentValue]> {
    guard let first = left.value else { return left }
    guard let second = right.value else { return right }
    return .known(first + second)
  }

  /// A server that does not answer ends the preflight; one that refuses leaves something unknown.
  private static func asked<Value: Sendable>(_ body: () async throws -> Value) async throws -> Asked<Value> {
    do {
      return .known(try await body())
    } catch let failure as APIFailure {
      switch failure.kind {
      case .unreachable, .interrupted, .unauthenticated: throw failure
      default: return .unknown("\(failure.place): \(failure.message)")
      }
    }
  }
}

/// What a pod takes of its node.
struct PodRoom: Sendable {
  var namespace: String
  var node: String?
  var milliCPU = 0
  var bytes = 0
  var isHostNetwork: Bool
  var hasSidecar: Bool
  /// Pods that ended take no room.
  var hasEnded: Bool

  private static let sidecars: Set<String> = [
    "istio-proxy", "linkerd-proxy", "consul-dataplane", "envoy-sidecar", "bulkhead-proxy",
  ]

  init(_ pod: DocumentValue) {
    let spec = pod["spec"] ?? .null
    namespace = pod[path: "metadata", "namespace"]?.string ?? ""
    node = spec["nodeName"]?.string
    isHostNetwork = spec["hostNetwork"]?.bool ?? false
    hasEnded = ["Succeeded", "Failed"].contains(pod[path: "status", "phase"]?.string ?? "")
    let containers = spec["containers"]?.elements ?? []
    let initial = spec["initContainers"]?.elements ?? []
    hasSidecar = (containers + initial).contains { Self.sidecars.contains($0["name"]?.string ?? "") }
    milliCPU = Self.sum(containers, initial, spec, "cpu") { $0.milli }
    bytes = Self.sum(containers, initial, spec, "memory") { $0.units }
  }

  /// As the scheduler counts: containers and sidecars together, or the largest init container on top of the sidecars
  /// begun before it, whichever is more, and the overhead.
  private static func sum(
    _ containers: [DocumentValue], _ initial: [DocumentValue], _ spec: DocumentValue, _ name: String,
    _ unit: (Quantity) -> Int?
  ) -> Int {
    func amount(_ list: DocumentValue?) -> Int {
      let text: String? =
        switch list?[name] {
        case .string(let text), .number(let text): text
        case .integer(let value): "\(value)"
        default: nil
        }
      // What no node could have is no more than what any could.
      return max(0, min(text.flatMap { Quantity($0) }.flatMap(unit) ?? 0, 1 << 50))
    }
    func request(_ container: DocumentValue) -> Int { amount(container["resources"]?["requests"]) }
    var (sidecars, most) = (0, 0)
    for container in initial.prefix(1_000) {
      if container["restartPolicy"]?.string == "Always" {
        sidecars += request(container)
        most = max(most, sidecars)
      } else {
        most = max(most, sidecars + request(container))
      }
    }
    let running = containers.prefix(1_000).map(request).reduce(sidecars, +)
    return max(running, most) + amount(spec["overhead"])
  }
}
