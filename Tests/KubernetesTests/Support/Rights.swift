import Foundation
import Testing

/// A rule of a role.
struct Rule: Codable, Equatable {
  var apiGroups: [String]
  var resources: [String]
  var resourceNames: [String]?
  var verbs: [String]

  /// What it permits, one by one.
  var rights: [Right] {
    apiGroups.flatMap { group in
      resources.flatMap { resource in
        verbs.flatMap { verb in
          (resourceNames ?? [""]).map { Right(group: group, resource: resource, verb: verb, name: $0) }
        }
      }
    }
  }
}

/// One thing that may be done, or was; an empty name means any.
struct Right: Hashable, CustomStringConvertible {
  var group: String
  var resource: String
  var verb: String
  var name: String

  /// As kubectl names a kind.
  var kind: String { group.isEmpty ? resource : "\(resource).\(group)" }
  var description: String { "\(verb) \(kind)" + (name.isEmpty ? "" : " \(name)") }
}

/// What an account asked of the API server, as its audit log has it.
struct AuditEvent: Decodable {
  struct User: Decodable { var username: String }
  struct Object: Decodable {
    var apiGroup: String?
    var resource: String?
    var subresource: String?
    var namespace: String?
    var name: String?
  }
  struct Status: Decodable { var code: Int? }
  var user: User
  var verb: String
  var objectRef: Object?
  var responseStatus: Status?
  var requestURI: String

  /// What must be permitted for it. A patch that made its object asks for the right to create it as well.
  var rights: [Right] {
    guard let object = objectRef, let resource = object.resource else { return [] }
    let path = [resource, object.subresource].compactMap(\.self).joined(separator: "/")
    let verbs = verb == "patch" && responseStatus?.code == 201 ? ["patch", "create"] : [verb]
    return verbs.map { Right(group: object.apiGroup ?? "", resource: path, verb: $0, name: object.name ?? "") }
  }

  func uses(_ right: Right) -> Bool {
    rights.contains {
      ($0.group, $0.resource, $0.verb) == (right.group, right.resource, right.verb)
        && (right.name.isEmpty || right.name == $0.name)
    }
  }
}

extension Cluster {
  /// The cluster as an account of the namespace `bulkhead` has it.
  func asAccount(_ name: String, in folder: String) async throws -> Cluster {
    let request = #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}"#
    let answer = try await kubectl(
      "create", "--raw", "/api/v1/namespaces/bulkhead/serviceaccounts/\(name)/token", "-f", "-", input: request)
    struct Token: Decodable {
      struct Status: Decodable { var token: String }
      var status: Status
    }
    let token = try JSONDecoder().decode(Token.self, from: Data(answer.utf8)).status.token
    let own = try await kubectl("config", "view", "--raw", "--minify", "-o", "json")
    var object = try #require(try JSONSerialization.jsonObject(with: Data(own.utf8)) as? [String: Any])
    let users = try #require(object["users"] as? [[String: Any]])
    object["users"] = [["name": users[0]["name"] ?? "", "user": ["token": token]]]
    let path = "\(folder)/\(name).kubeconfig"
    try JSONSerialization.data(withJSONObject: object, options: .withoutEscapingSlashes).write(to: URL(filePath: path))
    return Cluster(folder: self.folder, kubeconfig: path)
  }

  /// The executor with the rights that the documentation asks for: those of every rollout, with the shop enrolled, and
  /// more by namespace and role.
  func installExecutor(_ more: [(namespace: String, role: String)]) async throws {
    let deploy = Tool.project + "/deploy"
    for name in ["planner", "executor", "executor-meshes"] {
      try await kubectl("apply", "-f", "\(deploy)/\(name).yaml")
    }
    try await kubectl("apply", "-n", RolloutShop.namespace, "-f", "\(deploy)/enrolled-namespace.yaml")
    for (namespace, role) in more {
      try await kubectl(
        "-n", namespace, "create", "rolebinding", "bulkhead-executor-\(role)",
        "--clusterrole=bulkhead-executor-\(role)", "--serviceaccount=bulkhead:bulkhead-executor")
    }
  }

  /// The rules of a role; of a namespace's, or of the whole cluster's.
  func rules(_ role: String, in namespace: String? = nil) async throws -> [Rule] {
    struct Role: Decodable { var rules: [Rule] }
    let place = namespace.map { ["-n", $0, "get", "role", role] } ?? ["get", "clusterrole", role]
    let ending = try await tryKubectl(place + ["-o", "json"])
    try #require(ending.code == 0, "\(ending.messages)")
    return try JSONDecoder().decode(Role.self, from: Data(ending.output.utf8)).rules
  }

  func setRules(_ rules: [Rule], ofClusterRole role: String) async throws {
    let patch = String(decoding: try JSONEncoder().encode(["rules": rules]), as: UTF8.self)
    try await kubectl("patch", "clusterrole", role, "--type", "merge", "-p", patch)
  }

  /// What an account of the namespace `bulkhead` asked for so far.
  func audit(of account: String) throws -> [AuditEvent] {
    let text = try String(contentsOfFile: "\(try #require(folder))/logs/audit.log", encoding: .utf8)
    // The last line may still be on its way.
    return text.split(separator: "\n").compactMap { line in
      try? JSONDecoder().decode(AuditEvent.self, from: Data(line.utf8))
    }.filter { $0.user.username == "system:serviceaccount:bulkhead:\(account)" }
  }

  /// Which of these an account may do in a namespace; nil asks about the whole cluster.
  func permitted(_ rights: [Right], to account: String, in namespace: String?) async throws -> [Right] {
    let reviews = rights.map { right -> String in
      let parts = right.resource.split(separator: "/").map(String.init)
      return """
        {"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","metadata":{},"spec":{
        "user":"system:serviceaccount:bulkhead:\(account)",
        "groups":["system:serviceaccounts","system:serviceaccounts:bulkhead","system:authenticated"],
        "resourceAttributes":{"namespace":"\(namespace ?? "")","verb":"\(right.verb)","group":"\(right.group)",
        "resource":"\(parts[0])","subresource":"\(parts.dropFirst().joined())","name":"\(right.name)"}}}
        """
    }
    let text = try await kubectl(
      "create", "-f", "-", "-o", #"jsonpath={.status.allowed}{"\n"}"#, input: reviews.joined(separator: "\n"))
    let answers = text.split(separator: "\n").map { $0 == "true" }
    try #require(answers.count == rights.count, "\(text)")
    return zip(rights, answers).filter(\.1).map(\.0)
  }
}
