package import FleetModel
package import IntentModel

/// What the objects of a mesh let in, read back in the words of intents, so that other proxies can enforce the same.
///
/// Rules are read for the ports that services lead to. What hangs on requests, or on what is not in the input, cannot
/// be said of a caller as a whole: such pairs are in `undecided`, and let nobody in.
package struct MeshAdmissions: Sendable {
  package struct Pair: Sendable, Hashable {
    package var caller: ObjectReference
    package var port: Admissions.Port

    package init(caller: ObjectReference, port: Admissions.Port) { (self.caller, self.port) = (caller, port) }
  }

  package private(set) var admissions = Admissions()
  /// Of the mesh's members: rules enforced, and mutual TLS strict where no port lets anybody in without an identity.
  package private(set) var postures: [ObjectReference: Posture] = [:]
  package private(set) var undecided: Set<Pair> = []

  /// A client of no pod; of TEST-NET-3 (RFC 5737), which no rule names unless it names every address.
  private static let client = Address("203.0.113.1")

  package init(_ fleet: Fleet, options: MeshOptions) {
    let mesh = MeshLayer(fleet, options: options)
    let derivation = IntentDerivation(fleet: fleet)
    for (index, workload) in fleet.workloads.enumerated() where mesh.memberships[index].mesh != nil {
      let ports = derivation.intent(of: workload, posture: .untouched).inbound.map {
        Admissions.Port(workload: workload.id, port: $0.port)
      }
      for port in ports { read(port, at: index, mesh) }
      let isOpen = ports.contains(where: admissions.outside.contains)
      postures[workload.id] = Posture(mutualTLS: isOpen ? .permissive : .strict, authorisation: .enforced)
    }
  }

  private mutating func read(_ port: Admissions.Port, at target: Int, _ mesh: MeshLayer) {
    if let client = Self.client,
      mesh.decide(from: .address(client), to: target, port: port.port).verdict == .allowed
    {
      admissions.outside.insert(port)
    }
    for (index, caller) in mesh.fleet.workloads.enumerated() where index != target {
      switch mesh.decide(from: .workload(index), to: target, port: port.port).verdict {
      case .allowed: admissions.callers[port, default: []].insert(caller.id)
      case .refused: continue
      case .partly, .unknown, .silent: undecided.insert(Pair(caller: caller.id, port: port))
      }
    }
  }
}
