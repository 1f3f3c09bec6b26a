/// An immutable picture of everything the input says: the one value all engines work on.
///
/// Every array is sorted (by reference, or by caller and target), so that two readings of the same input are equal.
package struct Fleet: Sendable, Equatable {
  package var workloads: [Workload] = [] { didSet { places = Memo() } }
  package var services: [Service] = [] { didSet { places = Memo() } }
  package var serviceAccounts: [ServiceAccount] = []
  package var namespaces: [Namespace] = []
  package var configMaps: [ConfigMap] = []
  package var networkPolicies: [NetworkPolicy] = []
  package var calls: [Call] = [] { didSet { ends = Memo() } }
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

  /// Made at the first question and forgotten at every change: lookups are cheap however often they are asked.
  private var places = Memo<PlaceIndex>()
  private var ends = Memo<CallIndex>()

  package init() {}

  /// Lookups by reference and by label, prepared; for loops that ask very often.
  package var index: PlaceIndex { places.value { PlaceIndex(workloads, services) } }
  private var callIndex: CallIndex { ends.value { CallIndex(calls) } }

  package func workload(_ id: ObjectReference) -> Workload? { index.workload(id).map { workloads[$0] } }
  package func service(_ id: ObjectReference) -> Service? { index.service(id).map { services[$0] } }

  /// The workloads whose pods a service selects; a service without a selector selects none.
  package func workloads(behind service: Service) -> [Workload] {
    index.workloads(behind: service).map { workloads[$0] }
  }

  /// The services that select a workload's pods.
  package func services(of workload: Workload) -> [Service] {
    index.services(of: workload).map { services[$0] }
  }

  /// The calls a workload makes, and those it serves, that lead to a workload of the fleet.
  package func calls(from caller: ObjectReference) -> [Call] {
    callIndex.from(caller).compactMap { calls[$0].target == nil ? nil : calls[$0] }
  }
  package func calls(to target: ObjectReference) -> [Call] { callIndex.to(target).map { calls[$0] } }
}
