package import FleetModel

/// A pod as network policies see it.
package struct PolicyPod: Sendable, Equatable {
  package struct NamedPort: Sendable, Equatable, Hashable {
    package var name: String
    package var transport: Transport
    package var port: Int

    package init(name: String, transport: Transport = .tcp, port: Int) {
      self.name = name
      self.transport = transport
      self.port = port
    }
  }
  /// Unique in a world.
  package var id: String
  package var address: IPv4Address
  package var namespace: String
  package var labels: [String: String]
  /// The name of the node it runs on.
  package var node: String
  package var workload: ObjectReference?
  package var namedPorts: [NamedPort]

  package init(
    id: String, address: IPv4Address, namespace: String, labels: [String: String], node: String,
    workload: ObjectReference? = nil, namedPorts: [NamedPort] = []
  ) {
    self.id = id
    self.address = address
    self.namespace = namespace
    self.labels = labels
    self.node = node
    self.workload = workload
    self.namedPorts = namedPorts
  }

  /// The cluster's resolver as policies name it. It is a process of each node, not a pod, so no policy governs it; it
  /// is there so that rules for DNS find it.
  package static let resolver = PolicyPod(
    id: "kube-system/kube-dns", address: AddressPlan.resolver, namespace: "kube-system",
    labels: ["k8s-app": "kube-dns"], node: "",
    namedPorts: [
      NamedPort(name: "dns", transport: .udp, port: 53), NamedPort(name: "dns-tcp", transport: .tcp, port: 53),
    ])
}
