import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let initNeedsNetwork = Trap(
    code: "T2", title: "An init container that needs the network", severity: .high, level: .readyAfterFix,
    meshes: [.istioSidecar, .linkerd, .consul],
    why: """
      Init containers end before an ordinary sidecar starts. Where a CNI plugin has set up the capture their calls are \
      lost; where an init container does, they pass in plain text, and strict servers refuse them.
      """,
    cure: "run the proxy as a native sidecar, or take the init container's ports out of the capture",
    references: [
      "https://github.com/istio/istio/issues/23802", "https://github.com/istio/istio/issues/36681",
      "https://github.com/linkerd/linkerd2/issues/3812",
      "https://istio.io/latest/docs/setup/additional-setup/cni/",
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            initContainers:
            - name: wait
              image: busybox:1.36
              command: [sh, -c, "until nc -z ledger 5432; do sleep 1; done"]
            containers: [{name: server, image: "example.com/cart:1"}]
      """,
    check: { pod, context in
      let early = pod.members.filter { $0.role == .initial && !$0.belongsToMesh }
      return [Mesh.istioSidecar, .linkerd, .consul].flatMap { mesh -> [TrapHit] in
        guard context.nativeSidecar(pod, in: mesh) != true else { return [] }
        return early.compactMap { member in
          guard let word = networkUse(member.container) else { return nil }
          return TrapHit(
            "init container \(member.container.name) uses the network (\(word)) before the proxy runs",
            fix: initFix(pod.workload), container: member.container.name, meshes: [mesh],
            location: member.container.location)
        }
      }
    })

  private static let networkWords: Set<String> = [
    "curl", "wget", "nc", "ncat", "telnet", "git", "psql", "pg_isready", "mysql", "mysqladmin", "mongo", "mongosh",
    "redis-cli", "nslookup", "dig", "ping", "kubectl", "helm", "vault", "consul", "aws", "gsutil", "gcloud", "az",
    "flyway", "liquibase", "migrate", "wait-for-it.sh", "wait-for-it", "wait-for", "dockerize", "apk", "apt-get", "pip",
    "npm", "openssl", "grpcurl", "cqlsh", "kafka-topics.sh",
  ]
  private static let networkImages = [
    "curl", "git-sync", "alpine/git", "flyway", "liquibase", "migrate", "kubectl", "k8s-wait-for", "wait-for", "vault",
  ]

  /// The word of the command, or the image, by which it shows; nil when nothing does.
  private static func networkUse(_ container: Container) -> String? {
    let words = (container.command + container.args).joined(separator: " ").prefix(10_000)
    for word in words.split(whereSeparator: { " \t\n;|&()\"'`".contains($0) }) {
      if let program = word.split(separator: "/").last.map(String.init), networkWords.contains(program) {
        return program
      }
      if word.hasPrefix("http://") || word.hasPrefix("https://") || word.contains("/dev/tcp/") { return String(word) }
    }
    let image = container.image.split(separator: "/").suffix(2).joined(separator: "/").prefix { $0 != ":" && $0 != "@" }
    return networkImages.first { image.contains($0) }.map { "image \($0)" }
  }

  private static func initFix(_ workload: Workload) -> MeshText {
    MeshText(
      workload.templatePatch(annotations: [("sidecar.istio.io/nativeSidecar", "true")]),
      [
        .linkerd: workload.templatePatch(annotations: [("config.beta.linkerd.io/proxy-enable-native-sidecar", "true")]),
        .consul: workload.templatePatch(annotations: [
          ("consul.hashicorp.com/transparent-proxy-exclude-outbound-ports", "5432")
        ]) + "  # the ports it needs; an exception (vector M03) to be taken back",
      ])
  }
}
