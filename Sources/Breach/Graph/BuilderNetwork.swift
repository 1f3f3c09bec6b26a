import FleetModel
import IntentModel
import Reachability

/// Entries from the outside, calls, and whatever the network lets through.
extension BreachGraphBuilder {
  mutating func addEntries() {
    facing = [Bool](repeating: false, count: pods.count)
    guard let outside = draft.outside else { return }
    let published = PublishedServices(fleet)
    var served = facing
    for service in fleet.services {
      let behind = fleet.index.workloads(behind: service)
      for workload in behind { served[workload] = true }
      guard let why = published.reason(service) else { continue }
      let open = behind.filter { runs($0) && reach.admitsOutside($0) }
      guard !open.isEmpty else { continue }
      let node = draft.add(BreachNode(.service, service.id))
      draft.connect(outside, node, BreachReason(.entry, "", why))
      for workload in open {
        facing[workload] = true
        draft.connect(
          node, pods[workload], BreachReason(.network, "", "leads to its pods"), probability: chance(workload))
      }
    }
    addImpliedEntries(outside, served)
  }

  /// A service that calls others and that nobody calls has its users outside.
  private mutating func addImpliedEntries(_ outside: Int32, _ served: [Bool]) {
    var called = [Bool](repeating: false, count: pods.count)
    var calls = called
    for call in fleet.calls {
      guard call.target != nil, let caller = position[call.caller] else { continue }
      // Pods that talk among themselves may have their users outside all the same.
      for target in call.targets where target != call.caller { position[target].map { called[$0] = true } }
      calls[caller] = true
    }
    for workload in pods.indices
    where served[workload] && calls[workload] && !called[workload] && !facing[workload] && runs(workload)
      && reach.admitsOutside(workload)
    {
      facing[workload] = true
      draft.connect(
        outside, pods[workload], BreachReason(.entry, "", "nobody inside calls it, so its users are outside"),
        probability: chance(workload))
    }
  }

  /// Each class sends and receives through a hub, each group joins its classes through one: edges stay linear.
  mutating func addNetwork() {
    addCalls()
    var senders: [Int: Int32] = [:]
    var receivers: [Int: Int32] = [:]
    for (number, group) in reach.groups.enumerated() {
      let middle = hub("group \(number)")
      let reason = draft.reason(BreachReason(.network, "", group.ports.isEmpty ? "" : "on \(group.ports)"))
      let silent = draft.reason(BreachReason(.network, "", ""))
      for from in group.from {
        let sender = senders[from] ?? hub("sent by class \(from)")
        senders[from] = sender
        draft.connect(sender, middle, reason: reason)
      }
      for to in group.to {
        let receiver = receivers[to] ?? hub("received by class \(to)")
        receivers[to] = receiver
        draft.connect(middle, receiver, reason: silent)
      }
    }
    connectToHubs(senders, receivers, isGuarded: addMeshCallers())
  }

  private mutating func connectToHubs(
    _ senders: [Int: Int32], _ receivers: [Int: Int32], isGuarded: [Bool]
  ) {
    let sends = draft.reason(BreachReason(.network, "", "no policy holds back what it sends"))
    let takes = draft.reason(BreachReason(.network, "", "nothing refuses callers that are not known"))
    for (index, own) in reach.classes.enumerated() where runs(index) {
      // A network policy does not reach pods on the node's network, and a mesh cannot take them.
      let isPodNetwork = !workloads[index].pod.hostNetwork
      if let sender = senders[own] {
        draft.connect(
          pods[index], sender, reason: sends, set: isPodNetwork ? steps.isolateSet(index, &draft) : 0)
      }
      if let receiver = receivers[own], !isGuarded[index] {
        // What serves the outside must take strangers.
        let canRefuse = isPodNetwork && !facing[index]
        draft.connect(
          receiver, pods[index], reason: takes, probability: chance(index),
          set: canRefuse ? steps.refuseSet(index, &draft) : 0)
      }
    }
  }

  /// Calls that are needed: no step takes them away.
  private mutating func addCalls() {
    for call in fleet.calls {
      for target in call.targets { connect(call, to: target) }
    }
  }

  private mutating func connect(_ call: Call, to target: ObjectReference) {
    guard let caller = position[call.caller], let target = position[target], runs(caller), runs(target) else { return }
    let service = call.service.flatMap { services[$0] }
    let port = service?.ports.first { $0.port == call.port }?.targetPort(in: workloads[target]) ?? call.port
    guard reach.permits(from: reach.classes[caller], to: reach.classes[target], port: port),
      mesh?.decide(from: .workload(caller), to: target, port: port).verdict != .refused
    else { return }
    let name = call.service.map { "\($0.namespace)/\($0.name)" } ?? call.host
    draft.connect(
      pods[caller], pods[target], BreachReason(.call, "", "calls \(name):\(call.port)"), probability: chance(target))
  }

  mutating func addIdentities() {
    var holders: [ObjectReference: [Int]] = [:]
    for index in pods.indices where models.facts(of: index).isMeshed && runs(index) {
      let account = ObjectReference(
        kind: "Identity", namespace: workloads[index].id.namespace, name: workloads[index].pod.serviceAccount)
      holders[account, default: []].append(index)
    }
    for (identity, members) in holders.sorted(by: { $0.key < $1.key }) {
      let node = draft.add(BreachNode(.identity, identity))
      let isShared = members.count > 1
      let reason = draft.reason(
        BreachReason(
          .identity, isShared ? "M17" : "",
          isShared ? "holds the mesh identity that \(members.count) workloads share" : "holds its mesh identity"))
      for member in members { draft.connect(pods[member], node, reason: reason) }
    }
  }
}

/// Which services the outside can speak to, and why.
struct PublishedServices {
  private var backends: [ObjectReference: String] = [:]

  init(_ fleet: Fleet) {
    for ingress in fleet.ingresses {
      for backend in ingress.backends {
        note(ingress.id.namespace, backend.service, "is published by Ingress \(ingress.id.name)")
      }
    }
    for route in fleet.customObjects where route.id.kind.hasSuffix("Route") && route.apiGroup.hasPrefix("gateway.") {
      for reference in (route.spec["rules"]?.elements ?? []).flatMap({ $0["backendRefs"]?.elements ?? [] }) {
        guard let name = reference["name"]?.string, (reference["kind"]?.string ?? "Service") == "Service" else {
          continue
        }
        note(
          reference["namespace"]?.string ?? route.id.namespace, name,
          "is published by \(route.id.kind) \(route.id.name)")
      }
    }
  }

  private mutating func note(_ namespace: String, _ name: String, _ why: String) {
    let id = ObjectReference(kind: "Service", namespace: namespace, name: name)
    backends[id] = min(backends[id] ?? why, why)
  }

  func reason(_ service: Service) -> String? {
    if service.facesOutside { return "is of type \(service.type)" }
    if !service.externalIPs.isEmpty { return "has external addresses" }
    return backends[service.id]
  }
}
