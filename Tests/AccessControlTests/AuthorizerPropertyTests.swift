import AccessControl
import FleetModel
import Foundation
import TestSupport
import Testing

/// `grants(allowing:)` against a straight reading of the documentation: go through every binding, every role it leads
/// to and every rule, and compare words.
@Suite struct AuthorizerPropertyTests {
  private static let verbs = ["get", "list", "create", "deletecollection", "bind"]
  private static let resources = ["pods", "pods/exec", "nodes", "secrets", "deployments/scale", "clusterroles"]
  private static let groups = ["", "apps", "rbac.authorization.k8s.io"]
  private static let spaces = ["shop", "ops"]
  private static let names = ["a", "b"]
  private static let labels = ["x", "y", "z"]
  private static let everyone: [Subject] = [
    account("a"), account("a", "ops"), user("eve"), group("devs"), group("system:authenticated"),
    group("system:serviceaccounts:shop"), user("system:serviceaccount:ops:a"),
  ]

  @Test func grantsAreThoseOfTheDocumentation() {
    let rounds = ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? 300 : 20_000
    var random = SplitMix64(7)
    for round in 0..<rounds {
      let fleet = Self.fleet(&random)
      let index = AccessIndex(fleet)
      for subject in [account("a"), account("a", "ops"), user("eve"), group("devs")] {
        let rights = index.rights(of: subject)
        for _ in 0..<20 {
          let verb = Self.verbs.randomElement(using: &random) ?? ""
          let resource = Self.resources.randomElement(using: &random) ?? ""
          let group = Self.groups.randomElement(using: &random) ?? ""
          let space = Self.spaces.randomElement(using: &random) ?? ""
          let name = Self.names.randomElement(using: &random) ?? ""
          let found = rights.may(verb, resource, group: group, namespace: space, name: name)
          let straight = StraightReading(fleet).allows(
            subject, verb, resource, group: group, namespace: space, name: name)
          #expect(
            found == straight, "round \(round): \(subject) \(verb) \(resource).\(group) in \(space) named \(name)")
          if found != straight { return }
        }
      }
    }
  }

  private static func fleet(_ random: inout SplitMix64) -> Fleet {
    var fixture = AccessFixture()
    func some(_ all: [String], star: Bool = true) -> [String] {
      if star, Int.random(in: 0..<6, using: &random) == 0 { return ["*"] }
      return all.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
    }
    for number in 0..<4 {
      let rules = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        let extra = Int.random(in: 0..<6, using: &random) == 0 ? ["*/scale"] : []
        return PolicyRule(
          verbs: some(verbs), apiGroups: some(groups), resources: some(resources) + extra,
          resourceNames: Bool.random(using: &random) ? [] : some(names, star: false))
      }
      let labels = Dictionary(uniqueKeysWithValues: some(Self.labels, star: false).map { ($0, "true") })
      let collects = some(Self.labels, star: false).prefix(1).map {
        LabelSelector([.init(key: $0, operation: .isIn, values: ["true"])])
      }
      if number.isMultiple(of: 2) {
        fixture.role("r\(number)", in: spaces.randomElement(using: &random), rules)
      } else {
        fixture.role("r\(number)", rules, labels: labels, collecting: Array(collects))
      }
    }
    for _ in 0..<4 {
      let number = Int.random(in: 0..<5, using: &random)
      let subjects = everyone.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
      let space = Int.random(in: 0..<3, using: &random) == 0 ? nil : spaces.randomElement(using: &random)
      fixture.bind(subjects, to: "r\(number)", kind: number.isMultiple(of: 2) ? "Role" : "ClusterRole", in: space)
    }
    return fixture.fleet
  }
}

/// Slow and plain on purpose.
private struct StraightReading {
  let fleet: Fleet

  init(_ fleet: Fleet) { self.fleet = fleet }

  func allows(
    _ subject: Subject, _ verb: String, _ resource: String, group: String, namespace: String, name: String
  ) -> Bool {
    // Requests for cluster-scoped resources carry no namespace, so that no RoleBinding is looked at.
    let isCluster =
      (resource == "nodes" && group == "")
      || (resource == "clusterroles" && group == "rbac.authorization.k8s.io" && verb != "bind")
    let namespace = isCluster ? "" : namespace
    // Creating an object and deleting a collection are requests without a name.
    let carried = (verb == "create" && !resource.contains("/")) || verb == "deletecollection" ? "" : name
    for binding in fleet.roleBindings {
      if binding.id.kind == "RoleBinding", binding.id.namespace != namespace { continue }
      guard binding.subjects.contains(where: { applies($0, subject) }) else { continue }
      if binding.id.kind == "ClusterRoleBinding", binding.roleKind == "Role" { continue }
      let role = fleet.roles.first {
        $0.id.kind == binding.roleKind && $0.id.name == binding.roleName
          && (binding.roleKind == "ClusterRole" || $0.id.namespace == binding.id.namespace)
      }
      guard let role else { continue }
      for rule in rules(role, []) where matches(rule, verb, resource, group, carried) { return true }
    }
    return false
  }

  private func rules(_ role: Role, _ above: [ObjectReference]) -> [PolicyRule] {
    if above.contains(role.id) { return [] }
    let parts = fleet.roles.filter { other in
      other.id.kind == "ClusterRole" && role.aggregates.contains { $0.matches(other.labels) }
    }
    return role.rules + parts.flatMap { rules($0, above + [role.id]) }
  }

  private func applies(_ named: Subject, _ subject: Subject) -> Bool {
    switch (named.kind, subject.kind) {
    case (.user, .serviceAccount): return named.name == "system:serviceaccount:\(subject.namespace):\(subject.name)"
    case (.group, .group): return named.name == subject.name || named.name == "system:authenticated"
    case (.group, .serviceAccount):
      return ["system:authenticated", "system:serviceaccounts", "system:serviceaccounts:\(subject.namespace)"]
        .contains(named.name)
    case (.group, .user): return named.name == "system:authenticated"
    default: return named == subject
    }
  }

  private func matches(_ rule: PolicyRule, _ verb: String, _ resource: String, _ group: String, _ name: String) -> Bool
  {
    let parts = resource.split(separator: "/")
    let resourceMatches = rule.resources.contains { pattern in
      pattern == "*" || pattern == resource || (parts.count == 2 && pattern == "*/" + parts[1])
    }
    return (rule.verbs.contains("*") || rule.verbs.contains(verb))
      && (rule.apiGroups.contains("*") || rule.apiGroups.contains(group)) && resourceMatches
      && (rule.resourceNames.isEmpty || rule.resourceNames.contains(name))
  }
}
