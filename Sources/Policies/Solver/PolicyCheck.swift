import Diagnostics
import FleetModel
import IntentModel
import Reachability

/// Reads the written policies back, together with those that are there already: every needed flow must pass all
/// layers, and what older policies hold open is told.
struct PolicyCheck {
  private(set) var findings: [Finding] = []
  private let fleet: Fleet
  private let set: PolicySet
  private let options: PolicyOptions

  init(_ fleet: Fleet, _ set: PolicySet, _ options: PolicyOptions) {
    self.fleet = fleet
    self.set = set
    self.options = options
    checkFlows()
    checkOlderPolicies()
    checkConsulNames()
    checkUDP()
    checkHostNetwork()
    if set.isTruncated {
      findings.append(
        Finding(
          code: "BH-POLICY-008", title: "Policies that name too many pairs", severity: .low,
          message: "the policies in the input name more callers than are looked at one by one: some calls that they "
            + "allow are not listed for a decision", fix: "keep those policies, or name callers more narrowly"))
    }
    findings.sort { Self.key($0) < Self.key($1) }
  }

  private static func key(_ finding: Finding) -> (String, String, String) {
    (finding.code, finding.resource, finding.message)
  }

  private mutating func add(
    _ code: String, _ title: String, _ severity: Severity, _ id: ObjectReference, _ message: String, _ fix: String,
    _ location: SourceLocation?
  ) {
    findings.append(
      Finding(
        code: code, title: title, severity: severity, resource: id.description, message: message, fix: fix,
        location: location))
  }

  private mutating func checkFlows() {
    let later = set.applied(to: fleet)
    let positions = Dictionary(later.workloads.enumerated().map { ($1.id, $0) }) { first, _ in first }
    let index = ReachIndex(later)
    let mesh = MeshLayer(later, options: options.meshOptions(in: fleet))
    // What is written here says yes; only older policies can say no. Beyond this product asking would take minutes.
    let older = olderMeshPolicies.count
    let asksMesh =
      older > 0 && set.target.mesh != nil && set.flows.count * (older + set.objects.count) < 30_000_000
    for flow in set.flows {
      guard let from = positions[flow.caller], let to = positions[flow.target] else { continue }
      let passes = index.allows(
        from: index.classID(ofWorkload: from), to: index.classID(ofWorkload: to), port: flow.port,
        transport: flow.transport)
      let place = flow.evidence.first?.location
      let what = "the call from \(flow.caller) to port \(flow.port)"
      if !passes {
        add(
          "BH-POLICY-001", "A needed call that other policies refuse", .high, flow.target,
          "\(what) is refused by network policies that are there already",
          "see bulkhead reach --explain, and change the AdminNetworkPolicy that denies it", place)
      }
      guard asksMesh else { continue }
      let decision = mesh.decide(from: .workload(from), to: to, port: flow.port, transport: flow.transport)
      if decision.verdict == .refused {
        let layer = decision.layers.first { $0.verdict == .refused }
        let by = layer?.reasons.compactMap(\.object).first.map { " by \($0)" } ?? ""
        add(
          "BH-POLICY-002", "A needed call that the mesh refuses", .high, flow.target, "\(what) is refused\(by)",
          layer?.cure ?? "remove the policy that refuses it", place)
      }
    }
  }

  /// Allow rules add up: an older policy of the same pods goes on opening what it opens.
  private mutating func checkOlderPolicies() {
    let ours = Set(set.objects.map(\.id))
    let governed = Set(set.workloads.map(\.workload))
    for policy in fleet.networkPolicies where !ours.contains(policy.id) {
      guard !(policy.ingress.isEmpty && policy.egress.isEmpty) else { continue }
      let selected = fleet.index.workloads(in: policy.id.namespace, matching: policy.podSelector)
        .map { fleet.workloads[$0].id }.filter(governed.contains)
      guard let first = selected.first else { continue }
      let more = selected.count > 1 ? " and \(selected.count - 1) more" : ""
      add(
        "BH-POLICY-003", "An older policy stays beside the new ones", .low, policy.id,
        "it goes on allowing what it allows for \(first)\(more): allow rules add up",
        "remove it once the new policies are in force", policy.location)
    }
    let namespaces = Set(set.workloads.map(\.workload.namespace))
    for object in olderMeshPolicies where namespaces.contains(object.id.namespace) {
      add(
        "BH-POLICY-003", "An older policy stays beside the new ones", .low, object.id,
        "it stays in force beside the policies written here", "remove it once the new policies are in force",
        object.location)
    }
  }

  private var olderMeshPolicies: [CustomObject] {
    let ours = Set(set.objects.map(\.id))
    let kinds: Set<String> = ["AuthorizationPolicy", "PeerAuthentication", "Sidecar", "Server", "ServiceIntentions"]
    return fleet.customObjects.filter { kinds.contains($0.id.kind) && !ours.contains($0.id) }
  }

  private mutating func checkConsulNames() {
    guard set.target == .consul else { return }
    var owners: [String: [ObjectReference]] = [:]
    for need in set.workloads where need.isInMesh {
      guard let workload = fleet.workload(need.workload) else { continue }
      owners[ConsulRenderer.service(of: workload, in: fleet), default: []].append(workload.id)
      if fleet.services(of: workload).isEmpty {
        add(
          "BH-POLICY-005", "A client without a service", .medium, workload.id,
          "Consul registers pods by the Service in front of them, and it has none",
          "add a Service that selects it (any port will do)", workload.location)
      }
    }
    for (name, ids) in owners.sorted(by: { $0.key < $1.key }) where Set(ids.map(\.namespace)).count > 1 {
      guard let first = ids.first else { continue }
      add(
        "BH-POLICY-004", "One name in Consul for services of several namespaces", .medium, first,
        "\(ids.map(\.description).joined(separator: " and ")) are all \(name) to Consul: intentions cannot tell them "
          + "apart", "mirror namespaces into Consul (Enterprise), or rename one of the services",
        fleet.workload(first)?.location)
    }
  }

  private mutating func checkUDP() {
    guard let mesh = set.target.mesh else { return }
    for flow in set.flows where flow.transport != .tcp {
      add(
        "BH-POLICY-006", "A flow that no mesh protects", .medium, flow.target,
        "the call from \(flow.caller) to port \(flow.port) is \(flow.transport.rawValue), which \(mesh.title) does not "
          + "carry: the network policy alone holds it", "nothing to do, unless the flow can use TCP",
        flow.evidence.first?.location)
    }
  }

  private mutating func checkHostNetwork() {
    for flow in set.flows {
      guard let caller = fleet.workload(flow.caller), caller.pod.hostNetwork else { continue }
      add(
        "BH-POLICY-007", "A caller that network policies cannot name", .medium, flow.target,
        "\(flow.caller) calls port \(flow.port) from its node's address; most network plugins do not know its labels",
        "give the caller a network of its own, or add the nodes' addresses to the ingress rule", caller.location)
    }
  }
}
