/// One request to the API server, by kind.
package struct AccessRequest: Sendable, Equatable, Hashable {
  package var verb: String
  package var resource: String
  package var group: String

  package init(_ verb: String, _ resource: String, group: String = "") {
    self.verb = verb
    self.resource = resource
    self.group = group
  }

  /// `create deployments.apps`.
  package var description: String { group.isEmpty ? "\(verb) \(resource)" : "\(verb) \(resource).\(group)" }
}

/// Rights that lead further than what they are named for. One table for the audit, the report and the breach graph.
package enum RiskyRight: String, Sendable, CaseIterable, Comparable {
  case createWorkloads, changeWorkloads, enterPods, debugPods, nodeProxy, readSecrets, requestTokens, writeSecrets
  case escalateRoles, bindRoles, impersonate, writeRoles, approveCertificates, relabelNamespaces, rewriteAdmission
  case createVolumes, writeServices, mapCloudUsers

  package static func < (left: RiskyRight, right: RiskyRight) -> Bool {
    left.code < right.code || (left.code == right.code && left.rawValue < right.rawValue)
  }

  /// The vector that uses it.
  package var code: String {
    switch self {
    case .createWorkloads: "K01"
    case .relabelNamespaces: "K02"
    case .enterPods: "K03"
    case .nodeProxy: "K04"
    case .readSecrets: "K06"
    case .requestTokens, .writeSecrets: "K07"
    case .escalateRoles, .bindRoles, .impersonate, .writeRoles: "K09"
    case .approveCertificates: "K10"
    case .changeWorkloads: "K11"
    case .rewriteAdmission: "K12"
    case .writeServices: "K15"
    case .mapCloudUsers: "K21"
    case .createVolumes: "L52"
    case .debugPods: "L53"
    }
  }

  /// The requests of which each gives the right.
  package var requests: [AccessRequest] { Self.table[self] ?? [] }

  /// The one object that matters, where only one does.
  package var object: (namespace: String, name: String)? {
    self == .mapCloudUsers ? ("kube-system", "aws-auth") : nil
  }

  /// Resources that run pods, by group.
  package static let workloads: [(resource: String, group: String)] = [
    ("pods", ""), ("replicationcontrollers", ""), ("daemonsets", "apps"), ("deployments", "apps"),
    ("replicasets", "apps"), ("statefulsets", "apps"), ("cronjobs", "batch"), ("jobs", "batch"),
  ]

  private static let table: [RiskyRight: [AccessRequest]] = {
    let rbac = "rbac.authorization.k8s.io"
    var table: [RiskyRight: [AccessRequest]] = [:]
    table[.createWorkloads] = workloads.map { AccessRequest("create", $0.resource, group: $0.group) }
    table[.changeWorkloads] = each(["patch", "update"], workloads.map { ($0.resource, $0.group) })
    table[.enterPods] = each(["create", "get"], ["exec", "attach", "portforward"].map { ("pods/" + $0, "") })
    table[.debugPods] = each(["patch", "update"], [("pods/ephemeralcontainers", "")])
    table[.nodeProxy] = each(["get", "create"], [("nodes/proxy", "")])
    table[.readSecrets] = each(["get", "list", "watch"], [("secrets", "")])
    table[.requestTokens] = [AccessRequest("create", "serviceaccounts/token")]
    table[.writeSecrets] = [AccessRequest("create", "secrets")]
    table[.escalateRoles] = each(["escalate"], [("roles", rbac), ("clusterroles", rbac)])
    table[.bindRoles] = each(["bind"], [("roles", rbac), ("clusterroles", rbac)])
    table[.impersonate] = each(["impersonate"], [("users", ""), ("groups", ""), ("serviceaccounts", "")])
    table[.writeRoles] = each(
      ["create", "patch", "update"],
      ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map { ($0, rbac) })
    table[.approveCertificates] = each(
      ["patch", "update"], [("certificatesigningrequests/approval", "certificates.k8s.io")])
    table[.relabelNamespaces] = each(["patch", "update"], [("namespaces", "")])
    table[.rewriteAdmission] = each(
      ["create", "patch", "update"],
      [
        ("mutatingwebhookconfigurations", admission), ("validatingwebhookconfigurations", admission),
        ("mutatingadmissionpolicies", admission), ("customresourcedefinitions", "apiextensions.k8s.io"),
        ("apiservices", "apiregistration.k8s.io"),
      ])
    table[.createVolumes] = [AccessRequest("create", "persistentvolumes")]
    table[.writeServices] =
      each(["create", "patch", "update"], [("services", "")]) + each(["patch", "update"], [("services/status", "")])
    table[.mapCloudUsers] = each(["patch", "update"], [("configmaps", "")])
    return table
  }()

  private static let admission = "admissionregistration.k8s.io"

  private static func each(_ verbs: [String], _ resources: [(String, String)]) -> [AccessRequest] {
    resources.flatMap { resource in verbs.map { AccessRequest($0, resource.0, group: resource.1) } }
  }
}
