import Diagnostics
import Foundation
import Intake
import KubernetesAPI

/// Which cluster to ask, as whom, and for what: the wiring between the command line and the Kubernetes API.
package struct ClusterAccess: Sendable {
  /// Nil for the files of `KUBECONFIG`, or `~/.kube/config`, or the pod's own service account.
  package var kubeconfig: String?
  package var context: String?
  /// Nil for the context's.
  package var namespace: String?
  package var allNamespaces = false
  /// For whom to act.
  package var user: String?
  package var groups: [String] = []
  package var allowsUnverified = false
  /// For how long an answer is waited for, which who holds a lease must bound; nil for as long as people would.
  package var answerSeconds: Int?
  /// What the requests are for, such as `survey`; the cluster's audit log has it.
  package var purpose = ""

  package init() {}

  func settings(_ environment: [String: String]) throws -> ClusterSettings {
    var selection = ClusterSelection()
    selection.kubeconfig = kubeconfig
    selection.context = context
    selection.impersonation = Impersonation(user: user, groups: groups)
    selection.allowsUnverified = allowsUnverified
    selection.purpose = purpose
    return try ClusterSettings.resolve(selection, environment: environment)
  }

  /// A conversation with the cluster; its failures become errors that people read.
  func with<Value: Sendable>(
    warn: @escaping @Sendable (String) -> Void, _ body: (KubernetesClient) async throws -> Value
  ) async throws -> Value {
    let environment = ProcessInfo.processInfo.environment
    var limits = ClientLimits()
    if let answerSeconds { (limits.answer, limits.page) = (.seconds(answerSeconds), .seconds(20)) }
    do {
      return try await KubernetesClient.with(
        try settings(environment), limits: limits, environment: environment, warn: warn, body)
    } catch let failure as APIFailure {
      throw failure.error
    }
  }
}
