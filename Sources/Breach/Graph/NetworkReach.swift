package import FleetModel

/// Who can open a connection to whom, in classes of alike workloads, so that a hundred thousand pods need no pairs.
///
/// The port between the breach graph and whatever evaluates policies, of the network or of a mesh. Answers must not
/// change while a graph is built.
package protocol NetworkReach: Sendable {
  /// The class of each workload, in the fleet's order, from 0.
  var classes: [Int] { get }
  /// Together they hold every pair of classes of which the first reaches the second on some port; a pair of a class
  /// with itself counts.
  var groups: [NetworkGroup] { get }
  /// Whether a class reaches another on a port.
  func permits(from: Int, to: Int, port: Int) -> Bool
  /// Whether addresses outside the cluster reach a workload, by its position in the fleet.
  func admitsOutside(_ workload: Int) -> Bool
}

/// Every class in `from` reaches every class in `to`.
package struct NetworkGroup: Sendable, Hashable {
  package var from: [Int]
  package var to: [Int]
  /// Such as `TCP 80,443`; empty means every port.
  package var ports: String

  package init(from: [Int], to: [Int], ports: String = "") {
    self.from = from
    self.to = to
    self.ports = ports
  }
}

/// A network without policies: everything reaches everything.
package struct OpenNetwork: NetworkReach {
  package let classes: [Int]
  package let groups = [NetworkGroup(from: [0], to: [0])]

  package init(_ fleet: Fleet) { classes = [Int](repeating: 0, count: fleet.workloads.count) }

  package func permits(from: Int, to: Int, port: Int) -> Bool { true }
  package func admitsOutside(_ workload: Int) -> Bool { true }
}
