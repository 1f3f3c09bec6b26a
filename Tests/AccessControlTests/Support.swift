import AccessControl
import Diagnostics
import FleetModel

let nowhere = SourceLocation(file: "test.yaml", line: 1)

/// Makes fleets of RBAC objects by hand.
struct AccessFixture {
  var fleet = Fleet()

  @discardableResult
  mutating func role(
    _ name: String, in namespace: String? = nil, _ rules: [PolicyRule], labels: [String: String] = [:],
    collecting: [LabelSelector] = []
  ) -> ObjectReference {
    let id = ObjectReference(
      kind: namespace == nil ? "ClusterRole" : "Role", namespace: namespace ?? "", name: name)
    var role = Role(id: id, location: nowhere)
    role.rules = rules
    role.labels = labels
    role.aggregates = collecting
    fleet.roles.append(role)
    return id
  }

  mutating func bind(
    _ subjects: [Subject], to role: String, kind: String = "ClusterRole", in namespace: String? = nil,
    name: String? = nil
  ) {
    let id = ObjectReference(
      kind: namespace == nil ? "ClusterRoleBinding" : "RoleBinding", namespace: namespace ?? "",
      name: name ?? "b\(fleet.roleBindings.count)")
    var binding = RoleBinding(id: id, location: nowhere)
    binding.roleKind = kind
    binding.roleName = role
    binding.subjects = subjects
    fleet.roleBindings.append(binding)
  }

  mutating func account(_ name: String, in namespace: String, automount: Bool? = nil) {
    fleet.serviceAccounts.append(
      ServiceAccount(
        id: ObjectReference(kind: "ServiceAccount", namespace: namespace, name: name), location: nowhere,
        automountServiceAccountToken: automount))
  }

  @discardableResult
  mutating func workload(
    _ name: String, in namespace: String, account: String = "default", automount: Bool? = nil, needs: String? = nil
  ) -> Workload {
    var workload = Workload(
      id: ObjectReference(kind: "Deployment", namespace: namespace, name: name), location: nowhere)
    workload.pod.serviceAccount = account
    workload.pod.automountServiceAccountToken = automount
    workload.pod.containers = [Container(name: "c", location: nowhere)]
    if let needs { workload.annotations[DeclaredNeeds.annotation] = needs }
    fleet.workloads.append(workload)
    return workload
  }

  var index: AccessIndex { AccessIndex(fleet) }
}

func account(_ name: String, _ namespace: String = "shop") -> Subject {
  Subject(kind: .serviceAccount, namespace: namespace, name: name)
}
func user(_ name: String) -> Subject { Subject(kind: .user, name: name) }
func group(_ name: String) -> Subject { Subject(kind: .group, name: name) }

func rule(_ verbs: [String], _ resources: [String], groups: [String] = [""], names: [String] = []) -> PolicyRule {
  PolicyRule(verbs: verbs, apiGroups: groups, resources: resources, resourceNames: names)
}
