import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let deliveryController = Vector(
    code: "K18", title: "Taking over the cluster through its delivery system", severity: .high,
    explanation: """
      Argo CD, Flux, and CI runners apply what a repository says, mostly with rights over the whole cluster. Whoever \
      breaks one of them, or writes to its repository, has those rights.
      """,
    mitigation: """
      Give the controller a service account for each tenant (Flux: spec.serviceAccountName and \
      --default-service-account; Argo CD: impersonation and project limits) instead of cluster-wide rights.
      """,
    attack: ["T1195.002", "T1078.001"],
    references: [
      "https://fluxcd.io/flux/installation/configuration/multitenancy/",
      "https://argo-cd.readthedocs.io/en/stable/operator-manual/app-sync-using-impersonation/",
    ],
    signature: [.audit("create clusterrolebindings"), .state("an application is synced from an unknown repository")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: kustomize-controller
        namespace: flux-system
      spec:
        selector:
          matchLabels: {app: kustomize-controller}
        template:
          metadata:
            labels: {app: kustomize-controller}
          spec:
            serviceAccountName: kustomize-controller
            containers:
            - name: manager
              image: ghcr.io/fluxcd/kustomize-controller:v1.4.0
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRoleBinding
      metadata:
        name: cluster-reconciler
      roleRef:
        apiGroup: rbac.authorization.k8s.io
        kind: ClusterRole
        name: cluster-admin
      subjects:
      - kind: ServiceAccount
        name: kustomize-controller
        namespace: flux-system

      """,
    rule: .fleet { context in
      context.fleet.workloads.compactMap { workload in
        guard let product = DeliveryController.product(workload) else { return nil }
        return ObjectAssessment(
          resource: workload.id, location: workload.location,
          assessment: DeliveryController.assess(workload, product, context))
      }
    }
  )
}

private enum DeliveryController {
  /// Parts of an image's repository, and whose they are.
  private static let products: [(part: String, product: String)] = [
    ("argoproj/argocd", "Argo CD"), ("argo-cd", "Argo CD"), ("argoproj/workflow-controller", "Argo Workflows"),
    ("fluxcd/kustomize-controller", "Flux"), ("fluxcd/helm-controller", "Flux"), ("fluxcd/flux-operator", "Flux"),
    ("jenkins/jenkins", "Jenkins"), ("gitlab-runner", "GitLab Runner"), ("tektoncd/pipeline", "Tekton"),
    ("actions-runner", "GitHub Actions"), ("gha-runner-scale-set-controller", "GitHub Actions"),
    ("rancher/fleet-agent", "Fleet"), ("atlantis", "Atlantis"), ("spinnaker", "Spinnaker"), ("drone/drone", "Drone"),
  ]

  static func product(_ workload: Workload) -> String? {
    for container in workload.pod.containers {
      let repository = ImageName(container.image).repository
      if let entry = products.first(where: { repository.holds($0.part) }) { return entry.product }
    }
    return nil
  }

  static func assess(_ workload: Workload, _ product: String, _ context: AuditContext) -> Assessment {
    let rights = context.rights(of: context.effectivePod(workload))
    let subject = rights.subject
    if let everything = rights.everything {
      return open(
        "\(product) (\(subject.displayName)) may do everything through \(everything.binding.name)", everything.location)
    }
    for kind in [RiskyRight.escalateRoles, .bindRoles, .createWorkloads, .changeWorkloads, .readSecrets] {
      for use in rights.uses(of: kind) where use.namespace == nil && use.names.isEmpty {
        return open(
          "\(product) (\(subject.displayName)) may \(use.actions) in the whole cluster \(use.origin)", use.location)
      }
    }
    if !rights.unresolved.isEmpty { return RightsRule.withoutEvidence(rights) }
    if rights.grants.isEmpty, context.effectivePod(workload).tokenMounted {
      return .unknown(
        because: "no binding of \(subject.displayName) is in the input, and \(product) works by such rights")
    }
    return .closed
  }

  private static func open(_ message: String, _ location: SourceLocation) -> Assessment {
    let fix =
      "# bind a Role in each namespace that it delivers to, in place of the ClusterRoleBinding, and let each "
      + "application name its own service account\n"
    return .open([Evidence(message: message, fix: fix, location: location)])
  }
}
