import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let tokensOfNode = Vector(
    code: "K20", title: "From one container to every token on its node", severity: .high,
    explanation: """
      The tokens, secrets and volumes of all pods of a node lie below /var/lib/kubelet/pods. One container that gets \
      out to the node becomes each of their service accounts.
      """,
    mitigation: """
      Close the way out first. Keep workloads with strong rights on nodes of their own (taints, node selectors), use \
      short-lived bound tokens, and mount none where none is needed.
      """,
    attack: ["T1611", "T1528", "T1552.001"],
    references: [
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#minimize-distribution-of-privileged-tokens"
    ],
    signature: [.open("/var/lib/kubelet/pods/**/token")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: debugger
        namespace: ops
      spec:
        automountServiceAccountToken: false
        containers:
        - name: shell
          image: example.org/shell:1.0.0
          securityContext: {privileged: true}

      """,
    rule: .pod { pod, context in
      let evidence = TokensOfNode.waysOut(pod, context)
      if !evidence.isEmpty { return .open(evidence) }
      let facts = context.nodeFacts
      guard facts.kernel != nil, facts.runtime != nil else {
        return .unknown(because: "whether a flaw of its node's kernel or runtime lets it out is not known")
      }
      return TokensOfNode.byFlaw(pod, context)
    }
  )
}

private enum TokensOfNode {
  private static let folders = ["/var/lib/kubelet", "/run/containerd", "/var/run/docker.sock", "/run/crio", "/proc"]

  static func waysOut(_ pod: EffectivePod, _ context: AuditContext) -> [Evidence] {
    var evidence: [Evidence] = []
    for member in pod.members where !member.belongsToMesh {
      let name = member.container.name
      if member.effective.privileged {
        evidence.append(open(name, "it is privileged", "securityContext:\n  privileged: false\n"))
        continue
      }
      let strong: [Capability] = [.sysAdmin, .sysModule, .dacReadSearch]
      if let capability = strong.first(where: member.effective.running.has) {
        evidence.append(
          open(name, "it has \(capability.name)", "securityContext:\n  capabilities:\n    drop: [ALL]\n"))
      } else if pod.pod.hostPID, member.effective.running.has(.sysPtrace) {
        evidence.append(open(name, "it traces the node's processes (hostPID and SYS_PTRACE)", "hostPID: false\n"))
      }
    }
    for mount in NodeFiles.mounts(of: pod, context) where mount.root == true {
      guard folders.contains(where: { NodeFiles.contains(mount.path, $0) || isInside(mount.path, $0) }) else {
        continue
      }
      evidence.append(
        open(
          mount.container, "it mounts \(mount.path) of the node",
          "volumes:\n- name: \(mount.volume)\n  $patch: delete\n"))
    }
    return evidence
  }

  /// Inside the kubelet's folder lie single pods' secrets; inside the others sockets.
  private static func isInside(_ path: String, _ folder: String) -> Bool {
    folder != "/proc" && NodeFiles.contains(folder, path)
  }

  private static func open(_ container: String, _ why: String, _ fix: String) -> Evidence {
    Evidence(
      container: container, message: "\(why), and from the node it reads the tokens of every pod there", fix: fix)
  }

  /// Vectors that end on the node by a flaw of kernel, runtime or kubelet.
  private static let flaws: Set<String> = [
    "L07", "L22", "L27", "L29", "L30", "L31", "L33", "L34", "L41", "L42", "L43", "L44", "L45", "L46", "L47", "L48",
    "L50",
  ]

  static func byFlaw(_ pod: EffectivePod, _ context: AuditContext) -> Assessment {
    var undecided: String?
    for vector in VectorCatalogue.linux where flaws.contains(vector.code) {
      guard case .pod(let rule) = vector.rule else { continue }
      switch rule(pod, context) {
      case .open(let evidence):
        return .open([
          Evidence(
            container: evidence.first?.container,
            message:
              "\(vector.code) (\(vector.title)) is open, and from the node it reads the tokens of every pod there",
            fix: evidence.first?.fix ?? "")
        ])
      case .unknown(let reason): undecided = undecided ?? "\(vector.code) is unknown, because \(reason)"
      case .closed: continue
      }
    }
    return undecided.map { .unknown(because: $0) } ?? .closed
  }
}
