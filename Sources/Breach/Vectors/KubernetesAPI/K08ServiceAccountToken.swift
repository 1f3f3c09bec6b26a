import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let serviceAccountToken = Vector(
    code: "K08", title: "Using the service account's token", severity: .high,
    explanation: """
      The token mounted into every pod by default is a key to the API server. Whoever breaks the container uses it \
      from there.
      """,
    mitigation: """
      Set automountServiceAccountToken: false on the pod or its service account.
      """,
    attack: ["T1528", "T1552.001"],
    references: [
      "https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#minimize-distribution-of-privileged-tokens",
    ],
    signature: [
      .open("/var/run/secrets/kubernetes.io/serviceaccount/token"),
      .open("/run/secrets/kubernetes.io/serviceaccount/token"), .connect("kubernetes.default.svc:443"),
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: cart
        namespace: shop
      spec:
        selector:
          matchLabels: {app: cart}
        template:
          metadata:
            labels: {app: cart}
          spec:
            containers:
            - name: server
              image: example.org/cart:1.0.0

      """,
    escape: Escape(closedBy: .harden, scenery: .apiServer) { pod in
      pod.automountServiceAccountToken = true
    },
    rule: .pod { pod, context in
      guard pod.tokenMounted else { return .closed }
      let name = pod.pod.serviceAccount
      if pod.account == nil, name != "default", !asksForToken(pod.pod) {
        return .unknown(
          because: "service account \(name) is not in the input, and it may say automountServiceAccountToken: false")
      }
      let rights = context.rights(of: pod)
      return .open([Evidence(message: tokenMessage(name, rights), fix: tokenFix(pod))])
    }
  )

  private static func asksForToken(_ pod: PodSpec) -> Bool {
    if pod.automountServiceAccountToken == true { return true }
    return pod.volumes.contains { volume in
      if case .projected(let projection) = volume.source { return projection.tokens.contains { $0.audience.isEmpty } }
      return false
    }
  }

  private static func tokenMessage(_ name: String, _ rights: SubjectRights) -> String {
    let head = "the token of service account \(name) is mounted"
    if rights.everything != nil { return head + "; it may do everything in the cluster" }
    let risky = AccessReport.capabilities(of: rights)
    if let worst = risky.first, let use = worst.uses.first {
      let more = risky.count > 1 ? ", and has \(risky.count - 1) more rights that lead further" : ""
      return head + "; it may \(use.actions) \(use.place)\(more)"
    }
    if !rights.unresolved.isEmpty { return head + "; what it may do is not in the input" }
    return head + (rights.grants.isEmpty ? "; no binding of the input gives it rights" : "; it has rights of its own")
  }

  /// A pod template's patch; a volume that projects a token by hand must go as well.
  private static func tokenFix(_ pod: EffectivePod) -> String {
    let setting = "automountServiceAccountToken: false\n"
    switch pod.workload.id.kind {
    case "Pod": return "spec:\n  " + setting
    case "CronJob": return "spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          " + setting
    default: return "spec:\n  template:\n    spec:\n      " + setting
    }
  }
}
