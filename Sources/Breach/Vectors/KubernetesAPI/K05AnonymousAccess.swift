import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let anonymousAccess = Vector(
    code: "K05", title: "Asking the API server, etcd or the kubelet without a name", severity: .critical,
    explanation: """
      A kubelet with anonymous access or its read-only port, etcd without client certificates, and rights bound to \
      system:anonymous answer whoever reaches them, each container of the cluster included.
      """,
    mitigation: """
      Kubelet: authentication.anonymous.enabled: false, authorization.mode: Webhook, readOnlyPort: 0. etcd: \
      --client-cert-auth=true. API server: --authorization-mode=Node,RBAC and no binding of system:anonymous or \
      system:unauthenticated.
      """,
    attack: ["T1133", "T1613"],
    references: [
      "https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/",
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
    ],
    signature: [
      .connect("*:10250"), .connect("*:10255"), .connect("*:2379"), .audit("* by system:anonymous"),
    ],
    example: """
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: guests
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: view
      subjects:
      - apiGroup: rbac.authorization.k8s.io
        kind: User
        name: system:anonymous

      """,
    rule: .fleet { context in
      AnonymousAccess.bindings(context) + AnonymousAccess.controlPlane(context) + AnonymousAccess.kubelets(context)
    }
  )
}

private enum AnonymousAccess {
  /// What everybody has in every cluster.
  private static let harmless: Set<String> = ["system:public-info-viewer", "system:discovery", "system:basic-user"]

  static func bindings(_ context: AuditContext) -> [ObjectAssessment] {
    let strangers = [
      Subject(kind: .user, name: "system:anonymous"), Subject(kind: .group, name: "system:unauthenticated"),
    ]
    var found: [ObjectReference: Evidence] = [:]
    for stranger in strangers {
      let rights = context.rights(of: stranger)
      for grant in rights.grants where !harmless.contains(grant.role.name) && !isClusterInfo(grant) {
        let binding = grant.binding
        if found[binding] != nil { continue }
        let home = binding.namespace.isEmpty ? "" : " -n \(RightsRule.shell(binding.namespace))"
        found[binding] = Evidence(
          message: "\(stranger.displayName) holds \(grant.role.kind) \(grant.role.name): \(grant.rule.sentence)",
          fix: "kubectl delete \(binding.kind.lowercased()) \(RightsRule.shell(binding.name))\(home)",
          location: grant.location)
      }
    }
    return found.sorted { $0.key < $1.key }.map {
      ObjectAssessment(resource: $0.key, location: $0.value.location, assessment: .open([$0.value]))
    }
  }

  /// kubeadm publishes the API server's address and certificate to nodes that join.
  private static func isClusterInfo(_ grant: Grant) -> Bool {
    grant.namespace == "kube-public" && grant.rule.resources == ["configmaps"]
      && grant.rule.resourceNames == ["cluster-info"] && grant.rule.verbs == ["get"]
  }

  static func controlPlane(_ context: AuditContext) -> [ObjectAssessment] {
    context.fleet.workloads.flatMap { workload in
      workload.pod.containers.compactMap { container -> ObjectAssessment? in
        guard let assessment = assess(container) else { return nil }
        return ObjectAssessment(resource: workload.id, location: container.location, assessment: assessment)
      }
    }
  }

  private static func assess(_ container: Container) -> Assessment? {
    if container.runs("kube-apiserver") {
      if container.flag("authorization-config") != nil {
        return .unknown(because: "the API server's authorization is in a file that is not in the input")
      }
      let modes = (container.flag("authorization-mode") ?? "AlwaysAllow").split(separator: ",")
      guard modes.contains("AlwaysAllow") else { return .closed }
      return open(container, "the API server allows every request", "--authorization-mode=Node,RBAC")
    }
    guard container.runs("etcd") else { return nil }
    let checks = container.flag("client-cert-auth").map { $0 != "false" } ?? false
    let addresses = (container.flag("listen-client-urls") ?? "http://localhost:2379").split(separator: ",")
    let isLocal = addresses.allSatisfy { $0.contains("//127.") || $0.contains("//localhost") || $0.contains("//[::1]") }
    if checks || isLocal { return .closed }
    return open(container, "etcd answers clients without a certificate", "--client-cert-auth=true")
  }

  private static func open(_ container: Container, _ message: String, _ flag: String) -> Assessment {
    let fix = "spec:\n  containers:\n  - name: \(RoleYAML.scalar(container.name))\n    command: # with \(flag)\n"
    return .open([
      Evidence(container: container.name, message: message, fix: fix, location: container.location)
    ])
  }

  static func kubelets(_ context: AuditContext) -> [ObjectAssessment] {
    let maps = context.fleet.configMaps.filter {
      $0.id.namespace == "kube-system" && $0.id.name.hasPrefix("kubelet-config")
    }
    let texts = maps.compactMap { map in map.data["kubelet"].map { (map, $0) } }
    guard !texts.isEmpty else {
      return [
        ObjectAssessment(
          resource: RightsRule.cluster, location: nil,
          assessment: .unknown(
            because: "the kubelets' configuration (ConfigMap kube-system/kubelet-config) is not in the input"))
      ]
    }
    return texts.map { map, entry in
      ObjectAssessment(
        resource: map.id, location: entry.location, assessment: .from(KubeletText(entry.value).wrongs(entry.location)))
    }
  }
}

/// A KubeletConfiguration as text. What is not written has a safe default there (unlike the kubelet's flags).
private struct KubeletText {
  private var anonymous = false
  private var allowsAll = false
  private var readOnlyPort = "0"

  init(_ text: String) {
    var section = ""
    for line in text.split(separator: "\n").prefix(10_000) {
      let indentation = line.prefix { $0 == " " }.count
      let parts = line.dropFirst(indentation).split(separator: ":", maxSplits: 1).map {
        $0.split(whereSeparator: { $0 == " " || $0 == "\"" || $0 == "\r" }).first.map(String.init) ?? ""
      }
      guard let key = parts.first else { continue }
      let value = parts.count > 1 ? parts[1] : ""
      if value.isEmpty { section = key }
      switch (section, key) {
      case ("anonymous", "enabled"): anonymous = value == "true"
      case ("authorization", "mode"): allowsAll = value == "AlwaysAllow"
      default: if key == "readOnlyPort" { readOnlyPort = value }
      }
    }
  }

  func wrongs(_ location: SourceLocation) -> [Evidence] {
    var wrongs: [Evidence] = []
    if anonymous {
      wrongs.append(
        Evidence(
          message: "the kubelets serve requests without a name",
          fix: "authentication:\n  anonymous:\n    enabled: false\n", location: location))
    }
    if allowsAll {
      wrongs.append(
        Evidence(
          message: "the kubelets allow every request", fix: "authorization:\n  mode: Webhook\n", location: location))
    }
    if readOnlyPort != "0" {
      wrongs.append(
        Evidence(
          message: "the kubelets' read-only port \(readOnlyPort.safeForTerminal) is open", fix: "readOnlyPort: 0\n",
          location: location))
    }
    return wrongs
  }
}
