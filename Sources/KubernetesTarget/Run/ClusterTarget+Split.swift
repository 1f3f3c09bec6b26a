import Diagnostics
import FleetModel
import IntentModel
import KubernetesAPI
import Planning
import Policies

/// The share of a canary by weights, where the mesh can and nobody else says where the calls go.
extension ClusterTarget {
  /// For how long is waited until a mesh has taken what shares requests out.
  private static let acceptance = Duration.seconds(20)

  func placeSplit(_ id: ObjectReference, _ wave: Wave, _ percent: Int) async throws {
    guard let policies = settings.policies, let workload = fleet.workload(id), let canary = revisions[id],
      let stable = earlierWave(id, before: wave.index), stable.posture(of: id)?.enrolled == true
    else { return }
    let enrolled = Set(settings.plan.postures(before: wave.index).filter(\.value.enrolled).keys)
    for service in TrafficSplit.services(of: workload, fleet, policies, enrolled: enrolled) {
      do {
        let why: String?
        if let form = try await splitForm() {
          let split = TrafficSplit(
            form: form, service: service, stable: revision(stable, id), canary: canary, percent: max(1, percent))
          why = try await place(split, step: "wave-\(wave.index + 1)/\(id)/canary")
        } else {
          why = "the cluster does not serve HTTPRoute"
        }
        guard let why else { continue }
        // What an earlier share has left says what is no longer so.
        try await endSplit(service)
        try await removeGroups(service)
        sayOnce("\(id): \(why): the canary's share of \(service.id.name) is by number of pods")
      } catch let failure as APIFailure where failure.kind == .forbidden {
        sayOnce("\(id): \(failure.message.safeForTerminal): the canary's share is by number of pods")
      }
    }
  }

  /// Before pods are exchanged, or put back: a share of a revision that is no more would be lost.
  func removeSplit(_ id: ObjectReference) async throws {
    guard enrolment.mesh != .envoy, let workload = fleet.workload(id) else { return }
    for service in TrafficSplit.candidates(of: workload, fleet) { try await endSplit(service) }
  }

  /// Once pods are exchanged: nobody follows a route any more.
  func removeGroups(of id: ObjectReference) async throws {
    guard enrolment.mesh != .envoy, let workload = fleet.workload(id) else { return }
    for service in TrafficSplit.candidates(of: workload, fleet) { try await removeGroups(service) }
  }

  /// A ztunnel sees the waypoint and not the caller whose requests come through it: rules that name callers would turn
  /// everybody away.
  func refuseWaypoints(_ wave: Wave) async throws {
    guard enrolment.mesh == .istioAmbient else { return }
    for id in wave.workloads where wave.posture(of: id)?.authorisation == .enforced {
      for service in fleet.workload(id).map({ fleet.services(of: $0) }) ?? [] {
        guard let waypoint = try await waypoint(service) else { continue }
        throw BulkheadError(
          .configuration,
          "\(service.id) is reached through the waypoint \(waypoint.safeForTerminal), whose identity no rule names",
          cure: "keep its rules at the waypoint, and leave the step 'authorise' of \(id) out of the plan")
      }
    }
  }

  // MARK: - One service

  /// Nil where the cluster lacks what the mesh's split is written in.
  private func splitForm() async throws -> TrafficSplit.Form? {
    switch enrolment.mesh {
    case .istioSidecar: .istio
    case .consul: .consul
    case .istioAmbient, .linkerd:
      try await kinds().resource("HTTPRoute", group: GatewaySplit.routeGroup).map { .gateway(version: $0.version) }
    case .envoy: nil
    }
  }

  /// - Returns: why it is not there; nil once it is.
  private func place(_ split: TrafficSplit, step: String) async throws -> String? {
    let service = split.service.id
    if let other = try await rival(of: split) { return "\(other) says where calls to \(service.name) go" }
    if enrolment.mesh == .istioAmbient {
      guard let name = try await waypoint(split.service) else { return "no waypoint stands before \(service.name)" }
      let gateways = try await listed("Gateway", GatewaySplit.routeGroup, service.namespace)
      guard Waypoint.isReady(name, among: gateways) else {
        return "the waypoint \(name.safeForTerminal) is not in the namespace, or not ready for services"
      }
    }
    for object in split.groups() { try await place(object, step: step) }
    guard try await haveEndpoints(split), try await areTaken(split.groups(), split) else {
      return "the canary's pods were not found behind what tells them apart"
    }
    let routes = split.routes(routeDelays(service))
    for object in routes { try await place(object, step: step) }
    guard try await areTaken(routes, split) else { return "nothing has taken the routes" }
    splits[service] = split
    return nil
  }

  /// Whoever still follows a route finds all pods, until it has heard that there is none.
  private func endSplit(_ service: Service) async throws {
    splits[service.id] = nil
    let split = try await remains(service)
    for object in split.groups(wide: true) where try await ours(object) != nil {
      try await place(object, step: "end of the canary")
    }
    for object in split.routes().reversed() {
      guard let name = try await ours(object) else { continue }
      try await remove(name)
      // Consul's object goes when Consul has forgotten it.
      _ = try await waited("the end of \(name)") { try await find(name) == nil ? true : nil }
    }
  }

  private func removeGroups(_ service: Service) async throws {
    for object in try await remains(service).groups().reversed() {
      if let name = try await ours(object) { try await remove(name) }
    }
  }

  private func remains(_ service: Service) async throws -> TrafficSplit {
    // Without routes none of them can be left.
    TrafficSplit.remains(try await splitForm() ?? .gateway(version: "v1"), service)
  }

  /// The name of an object that is there and Bulkhead's.
  private func ours(_ object: ManifestObject) async throws -> ObjectName? {
    let name = try MeshKinds.name(of: object)
    do {
      return try await find(name).map(isOurs) == true ? name : nil
    } catch let failure as APIFailure where failure.kind == .forbidden {
      // Who may not read them has not made any.
      return nil
    }
  }

  // MARK: - What stands there

  /// Endpoints come a moment after a Service: a route to one without would lose requests.
  private func haveEndpoints(_ split: TrafficSplit) async throws -> Bool {
    guard case .gateway = split.form else { return true }
    let endpoints = APIResource(group: "", version: "v1", kind: "Endpoints", plural: "endpoints", isNamespaced: true)
    let wanted = Set(split.groups().map(\.id.name))
    return try await holds("endpoints of \(split.service.id)") {
      let ready = try await client.list(endpoints, namespace: split.service.id.namespace).items.filter { item in
        (item["subsets"]?.elements ?? []).contains { $0["addresses"]?.elements.isEmpty == false }
      }
      return wanted.isSubset(of: ready.compactMap { $0[path: "metadata", "name"]?.string })
    }
  }

  private func areTaken(_ objects: [ManifestObject], _ split: TrafficSplit) async throws -> Bool {
    if split.form == .istio { return true }
    for object in objects where object.id.kind != "Service" {
      let name = try MeshKinds.name(of: object)
      guard try await holds("\(name)", { try await find(name).map(split.isTaken) ?? false }) else { return false }
    }
    return true
  }

  private func holds(_ what: String, _ check: () async throws -> Bool) async throws -> Bool {
    do {
      return try await waited(what, for: Self.acceptance) { try await check() ? true : nil }
    } catch let error as BulkheadError where error.exit == .targetUnreachable {
      return false
    }
  }

  /// An object of somebody else's for the same service, in words.
  private func rival(of split: TrafficSplit) async throws -> String? {
    let own = Set((split.groups() + split.routes()).map { "\($0.id.kind) \($0.id.name)" })
    for kind in RouteRivals.kinds(enrolment.mesh) {
      for namespace in namespaces {
        for live in try await listed(kind.kind, kind.group, namespace) {
          let name = live[path: "metadata", "name"]?.string ?? ""
          guard !(isOurs(live) && own.contains("\(kind.kind) \(name)")),
            RouteRivals.governs(
              kind.kind, name: name, namespace: namespace, spec: live["spec"] ?? .mapping([]), split.service.id)
          else { continue }
          return "\(kind.kind) \(name)".safeForTerminal
        }
      }
    }
    return nil
  }

  /// Nothing of a kind that the cluster does not have.
  private func listed(_ kind: String, _ group: String, _ namespace: String) async throws -> [DocumentValue] {
    guard let resource = try await kinds().resource(kind, group: group) else { return [] }
    return try await client.list(resource, namespace: namespace).items
  }

  /// Those of the groups that say where calls go.
  func kinds() async throws -> Discovery {
    if let discovered { return discovered }
    let groups = Set(RouteRivals.kinds(enrolment.mesh).map(\.group))
    let found = try await client.discover { groups.contains($0) }
    discovered = found
    return found
  }

  /// The waypoint before a service, by its labels as they now are.
  private func waypoint(_ service: Service) async throws -> String? {
    let live = try await client.list(.services, namespace: service.id.namespace).items
      .first { $0[path: "metadata", "name"]?.string == service.id.name }
    let labels = fleet.namespaces.first { $0.name == service.id.namespace }?.labels ?? [:]
    return live.flatMap { Waypoint.name(of: $0, namespaceLabels: labels) }
  }

  private func sayOnce(_ text: String) {
    if said.insert(text).inserted { settings.say(text) }
  }
}
