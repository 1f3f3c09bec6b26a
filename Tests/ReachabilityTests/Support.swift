import Diagnostics
import FleetModel

@testable import Reachability

/// Short ways to write fleets by hand.
func pod(
  _ name: String, in namespace: String = "default", _ labels: [String: String] = [:], ports: [ContainerPort] = [],
  kind: String = "Deployment", hostNetwork: Bool = false
) -> Workload {
  let place = SourceLocation(file: "pods.yaml", line: 1)
  var workload = Workload(id: ObjectReference(kind: kind, namespace: namespace, name: name), location: place)
  workload.podLabels = labels
  workload.pod.hostNetwork = hostNetwork
  var container = Container(name: "main", location: place)
  container.ports = ports
  workload.pod.containers = [container]
  return workload
}

func policy(
  _ name: String, in namespace: String = "default", selects: LabelSelector = LabelSelector(),
  ingress: [NetworkPolicy.Rule]? = nil, egress: [NetworkPolicy.Rule]? = nil
) -> NetworkPolicy {
  var policy = NetworkPolicy(
    id: ObjectReference(kind: "NetworkPolicy", namespace: namespace, name: name),
    location: SourceLocation(file: "policies.yaml", line: 7))
  policy.podSelector = selects
  policy.governsIngress = ingress != nil
  policy.governsEgress = egress != nil
  policy.ingress = ingress ?? []
  policy.egress = egress ?? []
  return policy
}

func labels(_ pairs: [String: String]) -> LabelSelector {
  LabelSelector(
    pairs.sorted { $0.key < $1.key }.map {
      LabelSelector.Requirement(key: $0.key, operation: .isIn, values: [$0.value])
    })
}

func fleet(_ workloads: [Workload], _ policies: [NetworkPolicy], namespaces: [String: [String: String]] = [:]) -> Fleet
{
  var fleet = Fleet()
  fleet.workloads = workloads.sorted { $0.id < $1.id }
  fleet.networkPolicies = policies.sorted { $0.id < $1.id }
  fleet.namespaces = namespaces.sorted { $0.key < $1.key }.map {
    Namespace(name: $0.key, labels: $0.value, location: SourceLocation(file: "namespaces.yaml", line: 1))
  }
  return fleet
}

extension Fleet {
  func position(_ name: String) -> Int { workloads.firstIndex { $0.id.name == name } ?? -1 }

  /// All rows as `from -> to : ports`.
  func lines(_ options: ReachOptions = ReachOptions(), ipv6: Bool = false) -> [String] {
    var lines: [String] = []
    ReachRows(self, ReachIndex(self, options: options), includesIPv6: ipv6).forEachSource { from, rows in
      for row in rows { lines.append("\(from) -> \(row.to) : \(row.ports)") }
    }
    return lines
  }
}

extension NetworkPolicy.Port {
  static func tcp(_ low: Int, _ high: Int? = nil) -> NetworkPolicy.Port {
    NetworkPolicy.Port(transport: .tcp, number: .range(low, high ?? low))
  }
  static func named(_ name: String, _ transport: Transport = .tcp) -> NetworkPolicy.Port {
    NetworkPolicy.Port(transport: transport, number: .named(name))
  }
}
