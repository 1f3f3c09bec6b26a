import Diagnostics
import FleetModel

/// The service accounts that patches ask for.
struct ServiceAccounts {
  let objects: [ManifestObject]

  init(_ fleet: Fleet, _ patches: [WorkloadPatch]) {
    let existing = Dictionary(fleet.serviceAccounts.map { ($0.id, $0) }) { first, _ in first }
    let workloads = Dictionary(fleet.workloads.map { ($0.id, $0) }) { first, _ in first }
    objects = patches.compactMap { patch in
      guard let workload = workloads[patch.workload] else { return nil }
      let name = patch.serviceAccount ?? workload.pod.serviceAccount
      let id = ObjectReference(kind: "ServiceAccount", namespace: patch.workload.namespace, name: name)
      let hadToken =
        workload.pod.automountServiceAccountToken
        ?? existing[
          ObjectReference(
            kind: "ServiceAccount", namespace: id.namespace, name: workload.pod.serviceAccount)]?
        .automountServiceAccountToken ?? true
      guard patch.serviceAccount != nil || patch.movesTokenSetting else { return nil }
      var object = ManifestObject(
        "ServiceAccount", "v1", namespace: id.namespace, name: name, for: patch.workload,
        purpose: "the identity of \(patch.workload.name)", spec: .mapping([]))
      object.body = hadToken ? [] : [.init("automountServiceAccountToken", .bool(false))]
      return object
    }
  }
}

/// Rights that were bound to a shared account, and calls to the API server, which no manifest shows.
struct RightsOfAccounts {
  private(set) var decisions: [PolicyDecision] = []

  init(_ fleet: Fleet, _ patches: [WorkloadPatch], _ needs: [WorkloadPolicy]) {
    var bindings: [Subject: [RoleBinding]] = [:]
    for binding in fleet.roleBindings {
      for subject in binding.subjects where subject.kind == .serviceAccount {
        bindings[subject, default: []].append(binding)
      }
    }
    let moved = Dictionary(patches.map { ($0.workload, $0) }) { first, _ in first }
    for need in needs {
      guard let workload = fleet.workload(need.workload) else { continue }
      let subject = Subject(
        kind: .serviceAccount, namespace: workload.id.namespace, name: workload.pod.serviceAccount)
      guard let first = bindings[subject]?.first else { continue }
      let evidence = [FlowEvidence(.declared, "\(first.id)", first.location)]
      if let account = moved[workload.id]?.serviceAccount {
        decisions.append(
          PolicyDecision(
            kind: .rightsOfAccount, workload: workload.id,
            message: "\(first.id) gives rights to the account \(workload.pod.serviceAccount), which it leaves",
            cuts: true, cure: "bind the roles that it needs to \(account) before the patch is applied",
            evidence: evidence))
      }
      guard workload.pod.automountServiceAccountToken != false else { continue }
      decisions.append(
        PolicyDecision(
          kind: .apiServer, workload: workload.id,
          message: "its account has rights at the API server, whose address no manifest tells", cuts: true,
          cure: "if it uses them, add an egress rule to the API server's addresses (kubectl get endpoints kubernetes)",
          evidence: evidence))
    }
  }
}
