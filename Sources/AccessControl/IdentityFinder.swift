import FleetModel

/// Finds the edges of one subject.
struct IdentityFinder {
  /// Service account tokens kept in secrets, by namespace: the secret's name and whose token it is.
  private var tokenSecrets: [String: [(secret: String, account: Subject)]] = [:]
  private var restricted: Set<String> = []
  private var hasCloudUsers = false

  init(_ fleet: Fleet) {
    for secret in fleet.secrets where secret.type == "kubernetes.io/service-account-token" {
      guard let name = secret.annotations["kubernetes.io/service-account.name"] else { continue }
      let account = Subject(kind: .serviceAccount, namespace: secret.id.namespace, name: name)
      tokenSecrets[secret.id.namespace, default: []].append((secret.id.name, account))
    }
    for namespace in fleet.namespaces where PodSecurityLabel.forbidsPrivileged(namespace.labels) {
      restricted.insert(namespace.name)
    }
    hasCloudUsers = fleet.configMaps.contains { $0.id.namespace == "kube-system" && $0.id.name == "aws-auth" }
  }

  func edges(of rights: SubjectRights) -> [IdentityEdge] {
    if let everything = rights.everything { return administrator(rights.subject, everything) }
    var edges: [IdentityEdge] = []
    for right in RiskyRight.allCases.sorted() {
      for use in rights.uses(of: right) {
        for target in targets(of: use, rights) {
          edges.append(
            IdentityEdge(
              from: rights.subject, to: target, code: right.code, message: message(use, target), binding: use.binding))
        }
      }
    }
    return edges
  }

  private func administrator(_ subject: Subject, _ grant: Grant) -> [IdentityEdge] {
    let name = "\(grant.binding.kind) \(grant.binding.name)"
    let message = "\(subject.displayName) may do everything through \(name)"
    let targets: [IdentityTarget] =
      subject == .masters ? [.accounts(namespace: nil), .pods(namespace: nil), .nodes] : [.subject(.masters)]
    return targets.map {
      IdentityEdge(from: subject, to: $0, code: "K09", message: message, binding: grant.binding)
    }
  }

  /// What holding a right really yields, with the other rights it needs taken from the same subject.
  private func targets(of use: RightUse, _ rights: SubjectRights) -> [IdentityTarget] {
    let space = use.namespace
    switch use.right {
    case .createWorkloads: return runningPods(in: space)
    case .changeWorkloads:
      // A pod's image can be replaced, not its account; a controller's template has both.
      let onlyPods = use.requests.allSatisfy { $0.resource == "pods" }
      return [.pods(namespace: space)] + (onlyPods || !use.names.isEmpty ? [] : runningPods(in: space))
    case .enterPods, .debugPods: return [.pods(namespace: space)]
    case .nodeProxy: return [.pods(namespace: nil), .nodes]
    case .readSecrets: return tokens(readableBy: use).map { .subject($0) }
    case .requestTokens: return accounts(use)
    case .writeSecrets: return readsBack(use, rights) ? [.accounts(namespace: space)] : []
    case .escalateRoles, .bindRoles, .writeRoles, .impersonate: return elevation(use, rights)
    case .approveCertificates: return ClientCertificates.approvable(rights) ? [.subject(.masters)] : []
    case .rewriteAdmission: return [.subject(.masters)]
    case .relabelNamespaces: return createsPods(use, rights) ? [.nodes] : []
    case .createVolumes: return rights.uses(of: .createWorkloads).isEmpty ? [] : [.nodes]
    case .mapCloudUsers: return hasCloudUsers ? [.subject(.masters)] : []
    case .writeServices: return []
    }
  }

  /// A new pod runs as any account of its namespace, and as root of a node where Pod Security does not forbid it.
  private func runningPods(in space: String?) -> [IdentityTarget] {
    let contained = space.map(restricted.contains) ?? false
    return [.accounts(namespace: space)] + (contained ? [] : [.nodes])
  }

  private func tokens(readableBy use: RightUse) -> [Subject] {
    let spaces = use.namespace.map { [$0] } ?? tokenSecrets.keys.sorted()
    let found = spaces.flatMap { tokenSecrets[$0] ?? [] }
      .filter { use.names.isEmpty || use.names.contains($0.secret) }
    return Set(found.map(\.account)).sorted()
  }

  private func accounts(_ use: RightUse) -> [IdentityTarget] {
    guard !use.names.isEmpty, let space = use.namespace else { return [.accounts(namespace: use.namespace)] }
    return use.names.map { .subject(Subject(kind: .serviceAccount, namespace: space, name: $0)) }
  }

  /// The control plane fills a token into a secret of the right type; it must then be read, or come back from a write.
  private func readsBack(_ use: RightUse, _ rights: SubjectRights) -> Bool {
    ["get", "list", "watch", "update", "patch"].contains {
      rights.grants(allowing: $0, "secrets", namespace: use.namespace).contains { $0.rule.resourceNames.isEmpty }
    }
  }

  private func createsPods(_ use: RightUse, _ rights: SubjectRights) -> Bool {
    rights.uses(of: .createWorkloads).contains { pods in
      use.namespace == nil || pods.namespace == nil || pods.namespace == use.namespace
    }
  }

  private func elevation(_ use: RightUse, _ rights: SubjectRights) -> [IdentityTarget] {
    switch use.right {
    case .escalateRoles, .bindRoles:
      return Elevation.isEffective(use, rights)
        ? (use.namespace == nil ? [.subject(.masters)] : [.accounts(namespace: use.namespace)]) : []
    case .impersonate: return Elevation.impersonated(use, rights)
    default: return []
    }
  }

  private func message(_ use: RightUse, _ target: IdentityTarget) -> String {
    let what =
      switch target {
      case .subject(.masters): "can take over the cluster"
      case .subject(let subject): "can become \(subject.displayName)"
      case .accounts(let space): "can become any service account \(Self.place(space))"
      case .pods(let space): "can run commands in any pod \(Self.place(space))"
      case .nodes: "can become root on a node"
      }
    return "\(what): may \(use.actions) \(use.place) \(use.origin)"
  }

  private static func place(_ space: String?) -> String { space.map { "of namespace \($0)" } ?? "of the cluster" }
}
