import FleetModel
import IntentModel
import StandinProtocol

/// One pod of the twin: what it is, where it runs and how far its start has come.
struct TwinPod: Sendable {
  enum Role: Sendable, Equatable {
    /// Plays a workload of the fleet.
    case workload
    /// Plays users from outside the fleet.
    case users
    /// Attacks others to see them refuse.
    case intruder
    /// The deliberately open twin of a control's target.
    case openTwin(of: ObjectReference)
  }

  /// Unique in the world and short: the name of its network namespace and the prefix of its containers.
  var id: String
  var name: String
  var role: Role
  var intent: Intent
  var spec: PodSpec
  var labels: [String: String]
  var node: String
  var address: String
  var cohort: Cohort
  var wrongs: Set<SidecarWrong>
  var listeners: [StandinConfiguration.Listener]
  var calls: [StandinConfiguration.OutgoingCall]
  var users: StandinConfiguration.Users?

  var state: State = .starting
  var restarts = 0

  enum State: Sendable, Equatable {
    case starting, ready
    /// Its process ended by itself or was killed; it is started again.
    case down
    /// Gets no new traffic and is about to go.
    case draining
  }

  /// Where intruders live: a namespace that no manifest has.
  static let testerNamespace = "bulkhead-testers"

  var workload: ObjectReference { intent.workload }
  var appContainer: String { "\(id)-app" }
  var sidecarContainer: String { "\(id)-proxy" }
  var onNodeNetwork: Bool { spec.hostNetwork }
}
