package import FleetModel

/// What a class of pods may send to another one.
package struct ClassConnection: Sendable, Equatable {
  package var to: ClassID
  package var ports: PortSet
}

extension ReachIndex {
  /// The class of a workload, by its index in `Fleet.workloads`.
  package func classID(ofWorkload index: Int) -> ClassID { Int(grouping.classOfPod[index]) }

  /// The classes that a class reaches on any port, ascending; its own is among them where its pods may talk to each
  /// other. The work is proportional to the answer.
  package func connections(from: ClassID) -> [ClassConnection] {
    candidates(from: from).compactMap { to in
      let ports = ports(from: from, to: to)
      return ports.isEmpty ? nil : ClassConnection(to: to, ports: ports)
    }
  }

  /// The classes that reach a class on any port, ascending, its own among them; as dear as the answer is long.
  package func connections(to: ClassID) -> [(from: ClassID, ports: PortSet)] {
    let taken = ingress.possiblePeers(of: to)
    var senders = taken
    if taken.map({ $0.count > PolicyPart.sparseLimit }) ?? true {
      let sending = egress.possibleSubjects(of: to)
      senders = taken.map { $0.intersection(sending) } ?? sending
    }
    return (senders?.numbers ?? []).compactMap { from in
      let ports = ports(from: from, to: to)
      return ports.isEmpty ? nil : (from, ports)
    }
  }

  /// A set that contains all classes a class reaches, and few others.
  private func candidates(from: ClassID) -> [ClassID] {
    let sent = egress.possiblePeers(of: from)
    if let sent, sent.count <= PolicyPart.sparseLimit { return sent.numbers }
    let admitted = ingress.possibleSubjects(of: from)
    return (sent.map { $0.intersection(admitted) } ?? admitted).numbers
  }

  /// What pods of a class may send to pods of another one (or to each other).
  package func ports(from: ClassID, to: ClassID) -> PortSet {
    let destination = classes[to].namedPorts
    let sent = egressPorts(from: from, to: to, destination)
    return sent.isEmpty ? .none : sent.intersection(ingressPorts(from: from, to: to, destination))
  }

  private func egressPorts(from: ClassID, to: ClassID, _ destination: [NamedPort]) -> PortSet {
    egress.ports(from, peer: to, destination: destination)
  }

  private func ingressPorts(from: ClassID, to: ClassID, _ destination: [NamedPort]) -> PortSet {
    ingress.ports(to, peer: from, destination: destination)
  }

  package func allows(from: ClassID, to: ClassID, port: Int, transport: Transport = .tcp) -> Bool {
    ports(from: from, to: to).contains(port, transport)
  }

  /// Whether policies let a workload's pods send to an address outside the pods, such as 169.254.169.254 or a node's.
  ///
  /// - Parameter workload: index in `Fleet.workloads`.
  package func egress(from workload: Int, to address: Address, port: Int, transport: Transport = .tcp) -> Bool {
    egressPorts(fromClass: classID(ofWorkload: workload), to: address).contains(port, transport)
  }

  package func egressPorts(fromClass from: ClassID, to address: Address) -> PortSet {
    egress.ports(from, address: address, destination: [])
  }

  /// What policies let in from an address outside the pods.
  package func ingressPorts(toClass to: ClassID, from address: Address) -> PortSet {
    ingress.ports(to, address: address, destination: classes[to].namedPorts)
  }
}

extension IntervalSet where Bound == UInt32 {
  fileprivate var numbers: [Int] { intervals.flatMap { Int($0.low)...Int($0.high) } }
}
