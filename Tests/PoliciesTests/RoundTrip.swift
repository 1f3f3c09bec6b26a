import Diagnostics
import FleetModel
import Intake
import Reachability

@testable import Policies

/// Policies written, read by the program's own reader, and judged by its own analysis.
struct RoundTrip {
  let before: Fleet
  let set: PolicySet
  let after: Fleet
  private let index: ReachIndex
  private let mesh: MeshLayer

  init(_ fleet: Fleet, _ options: PolicyOptions) throws {
    let set = PolicySolver(fleet, options: options).solve()
    try self.init(fleet, set, set.objects, later: set.applied(to: fleet), trustDomain: options.trustDomain)
  }

  /// Objects of the set's flows, whoever wrote them.
  init(
    _ fleet: Fleet, _ set: PolicySet, _ objects: [ManifestObject], later: Fleet, trustDomain: String = "cluster.local"
  ) throws {
    (before, self.set) = (fleet, set)
    var later = later
    let yaml = objects.map(\.yaml).joined(separator: "---\n")
    let source = InputSource(name: "policies.yaml", bytes: Array(yaml.utf8))
    let written = try objects.isEmpty ? Fleet() : Intake().read([source], strict: true).fleet
    let ours = Set(set.objects.map(\.id))
    later.networkPolicies = (fleet.networkPolicies.filter { !ours.contains($0.id) } + written.networkPolicies)
      .sorted { $0.id < $1.id }
    later.customObjects = (fleet.customObjects.filter { !ours.contains($0.id) } + written.customObjects)
      .sorted { $0.id < $1.id }
    later.serviceAccounts += written.serviceAccounts
    after = later
    index = ReachIndex(later)
    var meshOptions = MeshOptions()
    meshOptions.trustDomain = trustDomain
    mesh = MeshLayer(later, options: meshOptions)
  }

  func networkAllows(_ from: Int, _ to: Int, _ port: Int, _ transport: Transport = .tcp) -> Bool {
    index.allows(
      from: index.classID(ofWorkload: from), to: index.classID(ofWorkload: to), port: port, transport: transport)
  }

  func meshVerdict(_ from: Int, _ to: Int, _ port: Int) -> ReachExplanation.Verdict {
    guard set.target.mesh != nil else { return .silent }
    return mesh.decide(from: .workload(from), to: to, port: port).verdict
  }

  func passes(_ from: Int, _ to: Int, _ port: Int, _ transport: Transport = .tcp) -> Bool {
    let verdict = transport == .tcp ? meshVerdict(from, to, port) : .silent
    return networkAllows(from, to, port, transport) && (verdict == .allowed || verdict == .silent)
  }

  func address(_ text: String, to: Int, port: Int) -> Bool {
    guard let address = Address(text) else { return false }
    let open = index.ingressPorts(toClass: index.classID(ofWorkload: to), from: address).contains(port, .tcp)
    guard open, set.target.mesh != nil else { return open }
    let verdict = mesh.decide(from: .address(address), to: to, port: port).verdict
    return verdict == .allowed || verdict == .silent
  }

  /// Every difference between what is needed and what passes, in words.
  var differences: [String] {
    let workloads = after.workloads
    let governed = Set(set.workloads.map(\.workload))
    let flows = Set(set.flows.map(\.key))
    let open = Set(
      set.workloads.flatMap { need in
        need.inbound.filter { !$0.entrances.isEmpty }.map { "\(need.workload) \($0.port) \($0.transport)" }
      })
    var ports = Set(set.flows.map { PortKey($0.port, $0.transport) })
    ports.formUnion([PortKey(9_999, .tcp), PortKey(53, .udp), PortKey(22, .tcp)])
    ports.formUnion(set.workloads.flatMap(\.inbound).map { PortKey($0.port, $0.transport) })
    var result: [String] = []
    for from in workloads.indices {
      for to in workloads.indices {
        for port in ports.sorted(by: { $0.number < $1.number }) {
          let (a, b) = (workloads[from].id, workloads[to].id)
          let key = FlowKey(caller: a, target: b, port: port.number, transport: port.transport)
          let expected: Bool
          switch (governed.contains(a), governed.contains(b)) {
          case (true, _): expected = flows.contains(key)
          case (false, true):
            expected = flows.contains(key) || open.contains("\(b) \(port.number) \(port.transport)")
          case (false, false): expected = true
          }
          let actual = passes(from, to, port.number, port.transport)
          if actual != expected {
            result.append("\(a) -> \(b):\(port.number)/\(port.transport) \(actual ? "passes" : "is refused")")
          }
        }
      }
    }
    return result
  }

  private struct PortKey: Hashable {
    var number: Int
    var transport: Transport
    init(_ number: Int, _ transport: Transport) {
      self.number = number
      self.transport = transport
    }
  }
}
