import FleetModel
package import IntentModel

/// Turns the mesh's state into one sidecar's configuration. Pure: equal input gives equal bytes.
///
/// What must reach running connections at once (authorisation of HTTP, faults) goes into the inbound route
/// configuration; where connections go is decided by endpoint metadata alone. Listeners therefore change only when a
/// port opens or closes, and no change of a rollout drains a connection that may live on.
package struct SidecarCompiler: Sendable {
  package let state: MeshState
  private let identities: [ObjectReference: SpiffeID]
  private let podsByWorkload: [ObjectReference: [MeshPod]]

  package init(state: MeshState) {
    self.state = state
    podsByWorkload = Dictionary(grouping: state.pods.sorted { $0.id < $1.id }, by: \.intent.workload)
    identities = podsByWorkload.compactMapValues { $0.first?.intent.identity }
  }

  func identity(of workload: ObjectReference) -> SpiffeID? { identities[workload] }
  func pods(of workload: ObjectReference) -> [MeshPod] { podsByWorkload[workload] ?? [] }

  /// Everything but the pod's own certificate and the trusted root, which do not come from the state.
  package func compile(for pod: MeshPod) -> ResourceSet {
    var set = ResourceSet()
    let routes = outboundRoutes(of: pod)
    let inbound = InboundListener(pod: pod, compiler: self)
    let outbound = OutboundListener(pod: pod, routes: routes)
    set.resources[ResourceKey(.listeners)] = [inbound.listener, outbound.listener]
    set.rights = Set(inbound.rights + outbound.rights)
    for (name, routes) in inbound.routeConfigurations { set.resources[ResourceKey(.routes, name)] = [routes] }

    let clusters = Clusters(compiler: self, pod: pod)
    set.resources[ResourceKey(.clusters)] = clusters.all(routes: routes)
    for route in routes where route.isCalled {
      set.resources[ResourceKey(.endpoints, route.cluster)] = [clusters.assignment(for: route)]
    }
    return set
  }

  /// The service ports a pod may reach through its sidecar, each by its virtual addresses.
  private func outboundRoutes(of pod: MeshPod) -> [OutboundRoute] {
    var routes: [OutboundRoute] = []
    var taken: Set<String> = []
    for service in state.services.sorted(by: { $0.id < $1.id }) {
      for port in service.ports.sorted(by: { $0.port < $1.port }) where allowed(pod, service, port) {
        var route = OutboundRoute(service: service, port: port, isCalled: calls(pod, service, port))
        // Two chains with one match make Envoy refuse the whole listener: the first service keeps the address.
        route.addresses = route.addresses.filter { taken.insert("\($0.address):\(port.port)").inserted }
        if !route.addresses.isEmpty { routes.append(route) }
      }
    }
    return routes
  }

  private func allowed(_ pod: MeshPod, _ service: MeshService, _ port: MeshService.Port) -> Bool {
    !pod.intent.posture.isolated || calls(pod, service, port)
  }

  private func calls(_ pod: MeshPod, _ service: MeshService, _ port: MeshService.Port) -> Bool {
    pod.intent.outbound.contains { $0.service == service.id && $0.servicePort == port.port }
  }
}

/// One service port as a sidecar reaches it: one cluster, matched by the service's own address and, while there is a
/// canary, by the address that leads to the canary alone.
struct OutboundRoute {
  struct Address {
    var address: String
    var canaryOnly: Bool
  }
  var service: MeshService
  var port: MeshService.Port
  /// Known calls have a subscription for their endpoints, which change without touching the cluster. Each costs a
  /// poll in which the sidecar repeats all it knows of itself (77 kB), so the others come with their cluster.
  var isCalled: Bool
  var addresses: [Address]

  init(service: MeshService, port: MeshService.Port, isCalled: Bool) {
    self.service = service
    self.port = port
    self.isCalled = isCalled
    addresses = [Address(address: service.virtualAddress, canaryOnly: false)]
    if let canary = service.canaryVirtualAddress { addresses.append(Address(address: canary, canaryOnly: true)) }
    addresses.removeAll { $0.address.isEmpty }
  }

  var cluster: String { "out|\(service.id.namespace)/\(service.id.name)|\(port.port)" }
}
