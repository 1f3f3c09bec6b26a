package import FleetModel

/// Who is let in where, whoever decided it.
package struct Admissions: Sendable, Equatable {
  /// A port of a workload's container.
  package struct Port: Sendable, Hashable {
    package var workload: ObjectReference
    package var port: Int

    package init(workload: ObjectReference, port: Int) { (self.workload, self.port) = (workload, port) }
  }

  /// By identity; a port that is not named lets nobody in.
  package var callers: [Port: Set<ObjectReference>] = [:]
  /// Where callers without an identity are let in.
  package var outside: Set<Port> = []

  package init() {}
}
