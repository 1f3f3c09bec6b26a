import FleetModel

/// Which of the verbs that go round the authorizer's own guard really lead further.
package enum Elevation {
  private static let rbac = "rbac.authorization.k8s.io"

  /// `escalate` takes effect on a role that one may write, `bind` on a binding that one may write.
  package static func isEffective(_ use: RightUse, _ rights: SubjectRights) -> Bool {
    let verbs = ["create", "patch", "update"]
    let resources: [String]
    if use.right == .bindRoles {
      resources = use.namespace == nil ? ["clusterrolebindings", "rolebindings"] : ["rolebindings"]
    } else {
      resources = use.requests.map(\.resource)
    }
    return resources.contains { resource in
      verbs.contains { rights.may($0, resource, group: rbac, namespace: use.namespace) }
    }
  }

  /// Whom a right to impersonate makes one. A group can only be taken together with a user or a service account.
  package static func impersonated(_ use: RightUse, _ rights: SubjectRights) -> [IdentityTarget] {
    var targets: [IdentityTarget] = []
    for request in use.requests {
      switch request.resource {
      case "serviceaccounts":
        if let space = use.namespace, !use.names.isEmpty {
          targets += use.names.map { .subject(Subject(kind: .serviceAccount, namespace: space, name: $0)) }
        } else {
          targets.append(.accounts(namespace: use.namespace))
        }
      case "users":
        // Any user means the control plane's own ones too, and they may do nearly everything.
        targets +=
          use.names.isEmpty
          ? [.subject(.masters)] : use.names.map { .subject(Subject(kind: .user, name: $0)) }
      case "groups":
        guard rights.may("impersonate", "users") || rights.may("impersonate", "serviceaccounts") else { continue }
        targets +=
          use.names.isEmpty
          ? [.subject(.masters)] : use.names.map { .subject(Subject(kind: .group, name: $0)) }
      default: continue
      }
    }
    return targets
  }
}

/// Certificates for the API server's clients, handed out by its own signers.
package enum ClientCertificates {
  private static let group = "certificates.k8s.io"

  /// Signers whose certificates the API server takes for a client's name.
  package static let signers = [
    "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/legacy-unknown",
  ]

  /// The signers for which a subject may approve requests: `approve` on the signer, or on its domain
  /// (`kubernetes.io/*`).
  package static func approvableSigners(_ rights: SubjectRights) -> [String] {
    signers.filter { signer in
      rights.may("approve", "signers", group: group, name: signer)
        || rights.may("approve", "signers", group: group, name: "kubernetes.io/*")
    }
  }

  /// It may approve and there is a signer to approve for.
  package static func approvable(_ rights: SubjectRights) -> Bool {
    let approves = ["patch", "update"].contains {
      rights.may($0, "certificatesigningrequests/approval", group: group)
    }
    return approves && approvableSigners(rights).contains(signers[0])
  }

  package static func maySubmit(_ rights: SubjectRights) -> Bool {
    rights.may("create", "certificatesigningrequests", group: group)
  }
}

/// Pod Security Admission's label on namespaces.
package enum PodSecurityLabel {
  package static let enforce = "pod-security.kubernetes.io/enforce"

  /// The level that is enforced; nil means none, which is the same as `privileged`.
  package static func level(_ labels: [String: String]) -> String? { labels[enforce] }

  package static func forbidsPrivileged(_ labels: [String: String]) -> Bool {
    labels[enforce] == "baseline" || labels[enforce] == "restricted"
  }
}
