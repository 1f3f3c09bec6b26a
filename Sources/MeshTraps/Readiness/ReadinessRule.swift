import Diagnostics
import FleetModel
import IntentModel

/// A reason that is no trap: a weakness of the workload itself, or a mesh vector that stands in the way.
struct ReadinessRule: Sendable {
  /// Stable: a vector (`M05`) or a rule of our own (`BH-SINGLE-REPLICA`).
  var code: String
  var title: String
  var severity: Severity
  /// The level a workload falls to; `.ready` for a weakness that does not stand in the way.
  var level: ReadinessLevel
  var fix: String
  /// One message for each occurrence, with its place.
  var occurrences: @Sendable (EffectivePod, TrapContext, Mesh?) -> [Occurrence]

  struct Occurrence {
    var message: String
    var location: SourceLocation
    /// Nil means the rule's own.
    var level: ReadinessLevel?
  }

  static let all: [ReadinessRule] = [
    .singleReplica, .noProbes, .sharedAccount, .hostNetwork, .captureRules, .injectionOptOut,
  ]
}

extension ReadinessRule {
  static let singleReplica = ReadinessRule(
    code: "BH-SINGLE-REPLICA", title: "A single replica", severity: .low, level: .ready,
    fix: "set replicas to 2 or more",
    occurrences: { pod, _, _ in
      let workload = pod.workload
      guard workload.id.kind != "DaemonSet", workload.replicas < 2 else { return [] }
      let count = workload.replicas == 0 ? "no replica" : "one replica"
      return [
        Occurrence(
          message: "it runs \(count): taking it into the mesh restarts its only pod", location: workload.location)
      ]
    })

  static let noProbes = ReadinessRule(
    code: "BH-NO-PROBES", title: "No readiness probe", severity: .low, level: .ready,
    fix: "add a readinessProbe",
    occurrences: { pod, context, _ in
      // Who serves nobody gets no traffic that could come too early.
      guard !context.services(of: pod.workload).isEmpty else { return [] }
      guard !pod.pod.containers.contains(where: \.hasReadinessProbe) else { return [] }
      return [
        Occurrence(
          message: "no container has a readiness probe: after the restart it gets traffic before it can answer",
          location: pod.workload.location)
      ]
    })

  /// A mesh's identity is the service account: who shares one is allowed what the other is allowed.
  static let sharedAccount = ReadinessRule(
    code: "BH-SHARED-ACCOUNT", title: "No service account of its own", severity: .medium, level: .readyAfterFix,
    fix: "give it a ServiceAccount of its own and name it in serviceAccountName",
    occurrences: { pod, context, _ in
      let workload = pod.workload
      if workload.pod.serviceAccount == "default" {
        return [
          Occurrence(
            message: "it uses the service account 'default' and so has no identity of its own",
            location: workload.location)
        ]
      }
      let sharers = context.sharers(of: workload)
      guard let first = sharers.first else { return [] }
      let more = sharers.count > 1 ? " and \(sharers.count - 1) more" : ""
      return [
        Occurrence(
          message: "it shares the service account '\(workload.pod.serviceAccount)' with \(first.name)\(more)",
          location: workload.location)
      ]
    })

  /// Vector M05: a pod in the node's network has no network of its own that could be captured.
  static let hostNetwork = ReadinessRule(
    code: "M05", title: "The node's network", severity: .high, level: .notSuited,
    fix: "remove hostNetwork, or leave the workload out of the mesh with a documented exception",
    occurrences: { pod, _, mesh in
      guard pod.pod.hostNetwork else { return [] }
      let what = mesh == .istioAmbient ? "no node proxy" : "no sidecar"
      return [
        Occurrence(
          message: "it uses the node's network, where \(what) can capture its traffic", location: pod.workload.location)
      ]
    })

  /// Vector M02: who can delete the capture rules is in the mesh only as long as it likes.
  static let captureRules = ReadinessRule(
    code: "M02", title: "Rights over the capture rules", severity: .high, level: .readyAfterFix,
    fix: "drop NET_ADMIN in the application's containers",
    occurrences: { pod, _, mesh in
      guard mesh != nil else { return [] }
      return pod.members.filter { member in
        !member.belongsToMesh && member.effective.capabilities.has(.netAdmin)
      }.map { member in
        Occurrence(
          message: "container \(member.container.name) has NET_ADMIN and can take itself out of the mesh",
          location: member.container.location)
      }
    })

  /// Vector M04: the manifest refuses the mesh that is wanted.
  static let injectionOptOut = ReadinessRule(
    code: "M04", title: "Opted out of injection", severity: .medium, level: .readyAfterFix,
    fix: "remove the label or annotation that keeps it out",
    occurrences: { pod, _, mesh in
      guard let mesh else { return [] }
      let by: String
      switch pod.membership.standing {
      case .optedOut(mesh, let label): by = "\(label) keeps it out of \(mesh.title)"
      case .conflicting(mesh, let labels): by = labels
      default: return []
      }
      return [Occurrence(message: by, location: pod.workload.location)]
    })
}
