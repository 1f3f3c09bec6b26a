/// An immutable picture of everything the input says: the one value all engines work on.
///
/// Every array is sorted (by reference, or by caller and target), so that two readings of the same input are equal.
package struct Fleet: Sendable, Equatable {
  package var workloads: [Workload] = []
  package var services: [Service] = []
  package var serviceAccounts: [ServiceAccount] = []
  package var namespaces: [Namespace] = []
  package var configMaps: [ConfigMap] = []
  package var networkPolicies: [NetworkPolicy] = []
  package var calls: [Call] = []
  package var secrets: [Secret] = []
  package var roles: [Role] = []
  package var roleBindings: [RoleBinding] = []
  package var disruptionBudgets: [DisruptionBudget] = []
  package var autoscalers: [Autoscaler] = []
  package var ingresses: [Ingress] = []
  package var adminPolicies: [AdminNetworkPolicy] = []
  package var webhooks: [WebhookConfiguration] = []
  package var persistentVolumes: [PersistentVolume] = []
  package var claims: [PersistentVolumeClaim] = []
  package var nodes: [Node] = []
  /// Objects of the Gateway API, Istio, Linkerd and Consul, of operators and chaos tools: their specification as a
  /// value, read by the engine that knows what it means.
  package var customObjects: [CustomObject] = []

  package init() {}

  package func workload(_ id: ObjectReference) -> Workload? { workloads.first { $0.id == id } }

  /// The workloads whose pods a service selects; a service without a selector selects none.
  package func workloads(behind service: Service) -> [Workload] {
    guard !service.selector.isEmpty else { return [] }
    return workloads.filter { workload in
      workload.id.namespace == service.id.namespace
        && service.selector.allSatisfy { workload.podLabels[$0.key] == $0.value }
    }
  }

  /// The services that select a workload's pods.
  package func services(of workload: Workload) -> [Service] {
    services.filter { service in workloads(behind: service).contains { $0.id == workload.id } }
  }

  /// The calls a workload makes, and those it serves, that lead to a workload of the fleet.
  package func calls(from caller: ObjectReference) -> [Call] {
    calls.filter { $0.caller == caller && $0.target != nil }
  }
  package func calls(to target: ObjectReference) -> [Call] { calls.filter { $0.target == target } }
}
