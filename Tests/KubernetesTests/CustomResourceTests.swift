import Foundation
import Testing

/// The meshes' own definitions, as an API server of 1.20 takes them. It knows no CEL and leaves such rules out: what is
/// shown here is the structure of objects.
@Suite(
  "Custom resources", .serialized, .timeLimit(.minutes(10)),
  .enabled(if: Cluster.canBeMade, Cluster.whyNot),
  .enabled(if: Definitions.folder != nil, "no definitions of meshes: set BULKHEAD_DATA"), .cluster)
struct CustomResourceTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var apiVersion: String
    var kind: String
    var spec: String
    /// What the refusal speaks of; nil for an object that is taken.
    var refusal: String?
    var testDescription: String { "\(kind) \(name)" }
  }

  @Test("are defined, all of them, and what has their structure is taken while what has not is refused")
  func structure() async throws {
    let cluster = try Cluster.current()
    for file in Definitions.files {
      // kubectl 1.20 checks files against a description that lacks CEL rules; the server leaves them out by itself.
      try await cluster.kubectl("create", "--validate=false", "-f", file)
    }
    try await cluster.kubectl("wait", "--for=condition=Established", "customresourcedefinitions", "--all")
    let names = try await cluster.kubectl("get", "customresourcedefinitions", "-o", "name").split(separator: "\n")
    #expect(names.count == Definitions.count)
    for item in Self.cases {
      let object = """
        {"apiVersion": "\(item.apiVersion)", "kind": "\(item.kind)",
         "metadata": {"name": "\(item.name)", "namespace": "default"}, "spec": \(item.spec)}
        """
      let words = ["create", "--validate=false", "-f", "-"]
      // The server answers 404 for a moment after it has said that a definition is established.
      var ending = try await cluster.tryKubectl(words, input: object)
      _ = try await eventually(within: .seconds(20)) {
        guard ending.code != 0, ending.messages.contains("no matches for kind") || ending.messages.contains("NotFound")
        else { return true }
        ending = try await cluster.tryKubectl(words, input: object)
        return false
      }
      if let refusal = item.refusal {
        #expect(ending.code != 0, "\(item.testDescription) was taken")
        #expect(ending.messages.contains(refusal), "\(item.testDescription): \(ending.messages)")
      } else {
        #expect(ending.code == 0, "\(item.testDescription): \(ending.messages)")
      }
    }
  }

  static let istioSecurity = "security.istio.io/v1"
  static let istioNetworking = "networking.istio.io/v1"
  static let gateway = "gateway.networking.k8s.io/v1"
  static let linkerd = "policy.linkerd.io/v1alpha1"

  static let cases = [
    Case(name: "strict", apiVersion: istioSecurity, kind: "PeerAuthentication", spec: #"{"mtls": {"mode": "STRICT"}}"#),
    Case(
      name: "stricter", apiVersion: istioSecurity, kind: "PeerAuthentication", spec: #"{"mtls": {"mode": "STRICTER"}}"#,
      refusal: "spec.mtls.mode"),
    Case(
      name: "shop", apiVersion: istioSecurity, kind: "AuthorizationPolicy",
      spec:
        #"{"action": "ALLOW", "rules": [{"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/user"]}}]}]}"#),
    Case(
      name: "text", apiVersion: istioSecurity, kind: "AuthorizationPolicy", spec: #"{"rules": "all"}"#,
      refusal: "spec.rules"),
    Case(
      name: "cart", apiVersion: istioNetworking, kind: "DestinationRule",
      spec: #"{"host": "cart", "subsets": [{"name": "canary", "labels": {"version": ""}}]}"#),
    Case(
      name: "number", apiVersion: istioNetworking, kind: "DestinationRule",
      spec: #"{"host": 5}"#, refusal: "spec.host"),
    Case(
      name: "cart", apiVersion: istioNetworking, kind: "VirtualService",
      spec: #"{"hosts": ["cart"], "http": [{"route": [{"destination": {"host": "cart"}, "weight": 0}]}]}"#),
    Case(
      name: "weight", apiVersion: istioNetworking, kind: "VirtualService",
      spec: #"{"hosts": ["cart"], "http": [{"route": [{"destination": {"host": "cart"}, "weight": "ten"}]}]}"#,
      refusal: "weight"),
    Case(
      name: "cart", apiVersion: gateway, kind: "HTTPRoute",
      spec: #"""
        {"parentRefs": [{"group": "", "kind": "Service", "name": "cart"}],
         "rules": [{"backendRefs": [{"group": "", "name": "cart", "port": 80, "weight": 0}]}]}
        """#),
    Case(
      name: "negative", apiVersion: gateway, kind: "HTTPRoute",
      spec: #"{"rules": [{"backendRefs": [{"name": "cart", "port": 80, "weight": -1}]}]}"#, refusal: "weight"),
    Case(
      name: "cart", apiVersion: "policy.linkerd.io/v1beta3", kind: "Server",
      spec: #"{"podSelector": {"matchLabels": {"app": "cart"}}, "port": 8080, "accessPolicy": "audit"}"#),
    Case(
      name: "nowhere", apiVersion: "policy.linkerd.io/v1beta3", kind: "Server", spec: #"{"podSelector": {}}"#,
      refusal: "spec.port"),
    Case(
      name: "cart", apiVersion: linkerd, kind: "AuthorizationPolicy",
      spec: #"""
        {"targetRef": {"group": "policy.linkerd.io", "kind": "Server", "name": "cart"},
         "requiredAuthenticationRefs": [
           {"group": "policy.linkerd.io", "kind": "MeshTLSAuthentication", "name": "user"}]}
        """#),
    Case(
      name: "unbound", apiVersion: linkerd, kind: "AuthorizationPolicy", spec: #"{"targetRef": {"kind": "Server"}}"#,
      refusal: "spec.targetRef.name"),
  ]
}

/// The definitions beside the package, in their sorted order.
enum Definitions {
  static let folder: String? = {
    let path = ProcessInfo.processInfo.environment["BULKHEAD_DATA"] ?? Tool.project + "/../shared/data"
    if FileManager.default.fileExists(atPath: path + "/crds") { return path + "/crds" }
    print("SKIPPED: there are no definitions of meshes at \(path)/crds; set BULKHEAD_DATA to their folder's parent")
    return nil
  }()

  static let files: [String] = {
    guard let folder, let names = FileManager.default.enumerator(atPath: folder) else { return [] }
    return names.compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
  }()

  static let count = files.reduce(0) { sum, file in
    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    return sum + text.split(separator: "\n").filter { $0 == "kind: CustomResourceDefinition" }.count
  }
}
