import Breach
import Testing

/// Vectors that the pod decides: one that has it, one that has it not, one that cannot be decided where there is such.
struct MeshPodVectorTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var code: String
    var what: String
    var yaml: String
    var expected: [String]
    var kernel: String?

    init(_ code: String, _ what: String, _ yaml: String, _ expected: [String], kernel: String? = nil) {
      self.code = code
      self.what = what
      self.yaml = yaml
      self.expected = expected
      self.kernel = kernel
    }

    var testDescription: String { "\(code): \(what)" }
  }

  private static func inMesh(_ container: String, notes: String = "", spec: String = "") -> String {
    Piece.deployment(labels: Piece.sidecar, notes: notes, spec: spec, container: container)
  }

  static let identity: [Case] = [
    Case("M01", "user 1337 in a mesh", inMesh("securityContext: {runAsUser: 1337}"), ["open cart"]),
    Case("M01", "group 1337 in a mesh", inMesh("securityContext: {runAsUser: 5, runAsGroup: 1337}"), ["open cart"]),
    Case(
      "M01", "user 1337 without a mesh", Piece.deployment(container: "securityContext: {runAsUser: 1337}"),
      ["open cart"]),
    Case("M01", "root with SETUID in a mesh", inMesh("tty: true"), ["open cart"]),
    Case(
      "M01", "root without capabilities", inMesh("securityContext: {runAsUser: 0, capabilities: {drop: [ALL]}}"), []),
    Case("M01", "an ordinary user", inMesh(Piece.safe), []),
    Case(
      "M01", "Linkerd's proxy user",
      Piece.deployment(notes: "linkerd.io/inject: enabled", container: "securityContext: {runAsUser: 2102}"),
      ["open cart"]),
    Case(
      "M01", "1337 is an ordinary user to Linkerd",
      Piece.deployment(notes: "linkerd.io/inject: enabled", container: "securityContext: {runAsUser: 1337}"), []),
    Case(
      "M01", "no proxy user in ambient mode",
      Piece.ambientNamespace + Piece.deployment(container: "securityContext: {runAsUser: 1337}"), []),
    Case(
      "M01", "the proxy itself may",
      inMesh(
        Piece.safe,
        spec: "initContainers: [{name: istio-proxy, image: i/proxyv2:1.26.0, restartPolicy: Always, "
          + "securityContext: {runAsUser: 1337}}]"), []),
    Case("M02", "NET_ADMIN in a mesh", inMesh("securityContext: {capabilities: {add: [NET_ADMIN]}}"), ["open cart"]),
    Case("M02", "privileged in a mesh", inMesh("securityContext: {privileged: true}"), ["open cart"]),
    Case("M02", "no NET_ADMIN", inMesh("tty: true"), []),
    Case(
      "M02", "NET_ADMIN that a user cannot use",
      inMesh("securityContext: {runAsUser: 5, allowPrivilegeEscalation: false, capabilities: {add: [NET_ADMIN]}}"), []),
    Case(
      "M02", "NET_ADMIN without a mesh",
      Piece.deployment(container: "securityContext: {capabilities: {add: [NET_ADMIN]}}"), []),
    Case("M02", "ambient, NET_RAW, kernel unknown", Piece.ambientNamespace + Piece.deployment(), ["unknown cart"]),
    Case(
      "M02", "ambient, NET_RAW, new kernel", Piece.ambientNamespace + Piece.deployment(), ["open cart"],
      kernel: "5.17.0"),
    Case("M02", "ambient, NET_RAW, old kernel", Piece.ambientNamespace + Piece.deployment(), [], kernel: "5.15.0"),
    Case("M18", "shared processes in a mesh", inMesh("tty: true", spec: "shareProcessNamespace: true"), ["open cart"]),
    Case("M18", "shared processes as another user", inMesh(Piece.safe, spec: "shareProcessNamespace: true"), []),
    Case(
      "M18", "the proxy's token mounted",
      inMesh(
        Piece.safe + "\nvolumeMounts: [{name: own, mountPath: /t}]",
        spec: "volumes: [{name: own, projected: {sources: [{serviceAccountToken: {audience: istio-ca, path: t}}]}}]"),
      ["open cart"]),
    Case("M18", "no mesh", Piece.deployment(spec: "shareProcessNamespace: true"), []),
    Case("M32", "NET_RAW in a mesh", inMesh("tty: true"), ["open cart"]),
    Case("M32", "NET_RAW dropped", inMesh("securityContext: {capabilities: {drop: [NET_RAW]}}"), []),
    Case("M32", "another user", inMesh(Piece.safe), []),
  ]

  static let capture: [Case] = [
    Case(
      "M03", "a port left out", inMesh("tty: true", notes: #"traffic.sidecar.istio.io/excludeInboundPorts: "22""#),
      ["open cart"]),
    Case(
      "M03", "everything included", inMesh("tty: true", notes: #"traffic.sidecar.istio.io/includeInboundPorts: "*""#),
      []),
    Case(
      "M03", "not in the mesh", Piece.deployment(notes: #"traffic.sidecar.istio.io/excludeInboundPorts: "22""#), []),
    Case(
      "M03", "Linkerd on the namespace",
      Piece.namespace("shop", notes: #"linkerd.io/inject: enabled, config.linkerd.io/skip-outbound-ports: "25""#)
        + Piece.deployment(), ["open cart"]),
    Case(
      "M03", "Consul's users left out",
      Piece.deployment(
        notes: #"consul.hashicorp.com/connect-inject: "true", consul.hashicorp.com/transparent-proxy-exclude-uids: "5""#
      ),
      ["open cart"]),
    Case(
      "M03", "ambient's inbound bypass",
      Piece.ambientNamespace + Piece.deployment(notes: #"ambient.istio.io/bypass-inbound-capture: "true""#),
      ["open cart"]),
    Case(
      "M04", "the pod leaves",
      Piece.namespace("shop", labels: "istio-injection: enabled")
        + Piece.deployment(labels: #"sidecar.istio.io/inject: "false""#), ["open cart"]),
    Case("M04", "the pod stays", Piece.namespace("shop", labels: "istio-injection: enabled") + Piece.deployment(), []),
    Case("M04", "nobody asked", Piece.deployment(), []),
    Case(
      "M04", "two labels",
      Piece.namespace("shop", labels: "istio-injection: enabled, istio.io/rev: canary") + Piece.deployment(),
      ["unknown cart"]),
    Case(
      "M05", "the node's network in a mesh",
      Piece.namespace("shop", labels: "istio-injection: enabled") + Piece.deployment(spec: "hostNetwork: true"),
      ["open cart"]),
    Case("M05", "the node's network without any mesh", Piece.deployment(spec: "hostNetwork: true"), []),
    Case("M05", "its own network", inMesh("tty: true"), []),
    Case("M06", "no egress policy", inMesh("tty: true"), ["open cart"]),
    Case(
      "M06", "DNS alone",
      inMesh("tty: true")
        + Piece.object(
          "networking.k8s.io/v1", "NetworkPolicy",
          "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{protocol: UDP, port: 53}]}]}"), []),
    Case(
      "M06", "any UDP",
      inMesh("tty: true")
        + Piece.object(
          "networking.k8s.io/v1", "NetworkPolicy",
          "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{protocol: UDP, port: 443}]}]}"), ["open cart"]),
    Case("M07", "ssh", inMesh("ports: [{containerPort: 22}]"), ["open cart"]),
    Case("M07", "an ordinary port", inMesh("ports: [{containerPort: 8080}]"), []),
    Case("M07", "no mesh", Piece.deployment(container: "ports: [{containerPort: 22}]"), []),
    Case(
      "M10", "an init container and an ordinary sidecar",
      inMesh(
        "tty: true", notes: #"sidecar.istio.io/nativeSidecar: "false""#, spec: "initContainers: [{name: i, image: x}]"),
      ["open cart"]),
    Case(
      "M10", "a native sidecar",
      inMesh(
        "tty: true", notes: #"sidecar.istio.io/nativeSidecar: "true""#, spec: "initContainers: [{name: i, image: x}]"),
      []),
    Case("M10", "nobody says", inMesh("tty: true", spec: "initContainers: [{name: i, image: x}]"), ["unknown cart"]),
    Case("M10", "no init container", inMesh("tty: true"), []),
    Case(
      "M22", "another bootstrap", inMesh("tty: true", notes: "sidecar.istio.io/bootstrapOverride: own"), ["open cart"]),
    Case("M22", "harmless notes", inMesh("tty: true", notes: "a: b"), []),
    Case("M22", "no mesh", Piece.deployment(notes: "sidecar.istio.io/bootstrapOverride: own"), []),
    Case(
      "M28", "an agent", inMesh("tty: true", spec: "initContainers: [{name: tel-agent-init, image: x}]"),
      ["open cart"]),
    Case("M28", "none", inMesh("tty: true"), []),
  ]

  @Test(arguments: identity + capture) func itIsDecided(_ row: Case) throws {
    #expect(try MeshVectorRun.outcomes(row.code, row.yaml, kernel: row.kernel) == row.expected)
  }
}
