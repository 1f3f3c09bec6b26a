package import FleetModel

/// What the policies of a fleet do on its twin: every workload tries to reach every port of every other one.
package struct PolicyProof: Sendable, Codable {
  package struct Attempt: Sendable, Codable {
    package enum Way: String, Sendable, Codable { case service, pod }

    package var from: ObjectReference
    package var to: ObjectReference
    /// Of the container.
    package var port: Int
    package var way: Way
    package var needed: Bool
    /// `reached`, `refused` or `unknown`.
    package var result: String
    package var seen: String

    /// A needed call must pass and every other one must not; what could not be tried proves nothing.
    package var holds: Bool { needed ? result == "reached" : result == "refused" }
  }

  /// A call that is not needed and that a mesh's objects do not refuse: network policies hold it.
  package struct LeftOpen: Sendable, Codable {
    package var from: ObjectReference
    package var to: ObjectReference
    package var port: Int
    package var because: String
  }

  package struct Stage: Sendable, Codable {
    package var name: String
    package var attempts: [Attempt]
    /// Not tried. Empty but for a mesh's objects alone.
    package var leftOpen: [LeftOpen] = []

    package var passed: Int { attempts.count { $0.needed && $0.holds } }
    package var refused: Int { attempts.count { !$0.needed && $0.holds } }
    package var failures: [Attempt] { attempts.filter { !$0.holds } }
  }

  package var schema = "bulkhead.policyProof/1"
  package var stages: [Stage]

  package var holds: Bool { stages.allSatisfy { !$0.attempts.isEmpty && $0.failures.isEmpty } }
}
