package import FleetModel
package import IntentModel

/// What traps look up in the fleet, prepared once for all workloads.
package struct TrapContext: Sendable {
  package let fleet: Fleet
  package let settings: MeshSettings
  package let mutualTLS: IstioMutualTLS
  let namespaces: [String: Namespace]
  let nodeFacts: NodeFactsSummary
  private let accounts: [ObjectReference: ServiceAccount]
  private let policies: SelectorIndex<NetworkPolicy>
  private let budgets: SelectorIndex<DisruptionBudget>
  private let autoscalers: [ObjectReference: [Autoscaler]]
  private let objects: [String: [CustomObject]]
  private let byHost: [String: [CustomObject]]
  private let byTarget: [ObjectReference: [CustomObject]]
  private let bySharedAccount: [String: [ObjectReference]]
  private let webhooksByService: [ObjectReference: String]
  private let ingressesByService: [ObjectReference: String]
  /// The reinvocation policies of each mesh's injection webhooks.
  let injectorWebhooks: [Mesh: [String]]
  let controlPlane: ControlPlane

  package init(_ fleet: Fleet) {
    self.fleet = fleet
    settings = MeshSettings(fleet)
    namespaces = Dictionary(fleet.namespaces.map { ($0.name, $0) }) { first, _ in first }
    accounts = Dictionary(fleet.serviceAccounts.map { ($0.id, $0) }) { first, _ in first }
    policies = SelectorIndex(fleet.networkPolicies) { ($0.id.namespace, $0.podSelector) }
    budgets = SelectorIndex(fleet.disruptionBudgets) { budget in
      budget.selector.map { (budget.id.namespace, $0) }
    }
    autoscalers = Dictionary(grouping: fleet.autoscalers, by: \.target)
    let objects = Dictionary(grouping: fleet.customObjects, by: \.id.kind)
    self.objects = objects
    mutualTLS = IstioMutualTLS(
      objects["PeerAuthentication"] ?? [], rootNamespace: MeshSettings(fleet).istioRootNamespace)
    byHost = Self.hosts(objects)
    byTarget = Self.targets(objects)
    bySharedAccount = Dictionary(grouping: fleet.workloads, by: Self.account).mapValues { $0.map(\.id) }
    controlPlane = ControlPlane(fleet)
    webhooksByService = Dictionary(
      fleet.webhooks.flatMap(\.webhooks).compactMap { hook in hook.service.map { ($0, hook.name) } }
    ) { first, _ in first }
    ingressesByService = Dictionary(
      fleet.ingresses.flatMap { ingress in
        ingress.backends.map {
          (ObjectReference(kind: "Service", namespace: ingress.id.namespace, name: $0.service), ingress.id.name)
        }
      }
    ) { first, _ in first }
    injectorWebhooks = Self.injectors(fleet)
    nodeFacts = NodeFactsSummary(kubelets: fleet.nodes.map(\.facts.kubelet))
  }

  package func effectivePod(_ workload: Workload) -> EffectivePod {
    EffectivePod(
      workload, namespace: namespaces[workload.id.namespace],
      account: accounts[
        ObjectReference(
          kind: "ServiceAccount", namespace: workload.id.namespace, name: workload.pod.serviceAccount)],
      mesh: settings)
  }

  package func services(of workload: Workload) -> [Service] { fleet.services(of: workload) }
  func policies(selecting workload: Workload) -> [NetworkPolicy] {
    policies.elements(matching: workload.podLabels, in: workload.id.namespace)
  }
  func budgets(selecting workload: Workload) -> [DisruptionBudget] {
    budgets.elements(matching: workload.podLabels, in: workload.id.namespace)
  }
  func autoscalers(of workload: Workload) -> [Autoscaler] { autoscalers[workload.id] ?? [] }
  func objects(_ kind: String) -> [CustomObject] { objects[kind] ?? [] }

  /// Other workloads with the same service account in the namespace.
  func sharers(of workload: Workload) -> [ObjectReference] {
    (bySharedAccount[Self.account(workload)] ?? []).filter { $0 != workload.id }
  }

  /// Objects of delivery tools that take a workload as their target.
  func deliveries(of workload: Workload) -> [CustomObject] { byTarget[workload.id] ?? [] }

  /// VirtualServices and DestinationRules about a service, in the fleet's order.
  func routes(_ kind: String, of service: Service) -> [CustomObject] {
    let full = "\(service.id.name).\(service.id.namespace).svc.cluster.local"
    let names = [full, "*.\(service.id.namespace).svc.cluster.local", "*.svc.cluster.local", "*.local", "*"]
    return names.flatMap { byHost["\(kind) \($0)"] ?? [] }
  }

  /// Whether a mesh would run its proxy as a native sidecar there; nil when the input does not tell. Before
  /// Kubernetes 1.29 there are none.
  func nativeSidecar(_ pod: EffectivePod, in mesh: Mesh) -> Bool? {
    if nodeFacts.lacksNativeSidecars { return false }
    return MeshMembership.nativeSidecar(
      of: pod.workload, in: mesh, namespaceAnnotations: pod.namespaceAnnotations, settings: settings)
  }

  /// The webhook that a service answers for the API server.
  func webhook(answeredBy service: ObjectReference) -> String? { webhooksByService[service] }
  func ingress(leadingTo service: ObjectReference) -> String? { ingressesByService[service] }

  private static func injectors(_ fleet: Fleet) -> [Mesh: [String]] {
    var result: [Mesh: [String]] = [:]
    for webhook in fleet.webhooks where webhook.mutates {
      for hook in webhook.webhooks {
        if hook.name.hasSuffix("sidecar-injector.istio.io") {
          result[.istioSidecar, default: []].append(hook.reinvocationPolicy)
        } else if hook.name == "linkerd-proxy-injector.linkerd.io" {
          result[.linkerd, default: []].append(hook.reinvocationPolicy)
        } else if hook.name.contains("connect-injector") {
          result[.consul, default: []].append(hook.reinvocationPolicy)
        }
      }
    }
    return result
  }

  private static func account(_ workload: Workload) -> String {
    "\(workload.id.namespace)/\(workload.pod.serviceAccount)"
  }

  /// Short names are completed as Istio does it, by the object's own namespace.
  private static func hosts(_ objects: [String: [CustomObject]]) -> [String: [CustomObject]] {
    var result: [String: [CustomObject]] = [:]
    func add(_ kind: String, _ host: String, _ object: CustomObject) {
      let parts = host.split(separator: ".", omittingEmptySubsequences: false)
      let full =
        switch parts.count {
        case 1 where host != "*": "\(host).\(object.id.namespace).svc.cluster.local"
        case 2: "\(host).svc.cluster.local"
        case 3 where parts[2] == "svc": "\(host).cluster.local"
        default: host
        }
      result["\(kind) \(full)", default: []].append(object)
    }
    for object in objects["DestinationRule"] ?? [] {
      if let host = object.spec["host"]?.string { add("DestinationRule", host, object) }
    }
    for object in objects["VirtualService"] ?? [] {
      for host in object.spec["hosts"]?.strings ?? [] { add("VirtualService", host, object) }
    }
    return result
  }

  private static func targets(_ objects: [String: [CustomObject]]) -> [ObjectReference: [CustomObject]] {
    var result: [ObjectReference: [CustomObject]] = [:]
    for (kind, key) in [("Canary", "targetRef"), ("Rollout", "workloadRef")] {
      for object in objects[kind] ?? [] {
        guard let name = object.spec[key]?["name"]?.string else { continue }
        let target = ObjectReference(
          kind: object.spec[key]?["kind"]?.string ?? "Deployment", namespace: object.id.namespace, name: name)
        result[target, default: []].append(object)
      }
    }
    return result
  }
}
