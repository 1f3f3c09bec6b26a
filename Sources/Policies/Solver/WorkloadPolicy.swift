package import Diagnostics
package import FleetModel

/// What one workload needs, before it is written for a mesh.
package struct WorkloadPolicy: Sendable {
  package var workload: ObjectReference
  package var location: SourceLocation
  /// The labels that name its pods, in order of preference.
  package var selector: [(key: String, value: String)]
  package var account: String
  /// By port, then transport.
  package var inbound: [InboundNeed]
  package var outbound: [PolicyFlow]
  package var outside: [OutsideCall]
  /// Who scrapes its metrics, each once.
  package var scrapers: [Entrance.Source]
  /// Nil where no mesh is chosen.
  package var strict: StrictVerdict?

  package var isInMesh: Bool { strict.map { $0.outcome != .notInMesh } ?? false }
}

/// One container port, and everybody who must reach it.
package struct InboundNeed: Sendable {
  package var port: Int
  package var transport: Transport
  package var wireProtocol: WireProtocol
  /// Callers with an identity of the mesh, and those without; sorted.
  package var members: [ObjectReference]
  package var strangers: [ObjectReference]
  package var entrances: [Entrance]

  /// Somebody without an identity must reach it.
  package var takesPlaintext: Bool { !strangers.isEmpty || !entrances.isEmpty }
  package var callers: [ObjectReference] { (members + strangers).sorted() }
}
