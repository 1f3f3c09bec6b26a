import Diagnostics
import Foundation
import KubernetesTarget
import Planning
package import Rollout

/// Everything that a rollout on a cluster can be told.
package struct ClusterRolloutOptions: Sendable {
  package var access = ClusterAccess()
  /// The plan's bytes and the name they were given by.
  package var plan: [UInt8] = []
  package var planName = "plan"
  package var out = "rollout"
  /// Holds `bulkhead` and `nft`.
  package var image = "bulkhead:0.1.0"
  package var envoyImage = "envoyproxy/envoy:distroless-v1.34-latest"
  /// Holds `bulkhead-standin`; without it no break-out is tried.
  package var standinImage: String?
  package var sidecarMilliCPU = 100
  package var sidecarBytes = 128 << 20
  package var limits = ClusterRolloutOptions.patient
  /// The mesh that the plan must be for; nil for whichever it is.
  package var mesh: String?
  /// Of Istio's control plane (`istio.io/rev`).
  package var meshRevision: String?
  /// Where the mesh's control plane runs; nil for where its installer puts it.
  package var meshNamespace: String?
  package var trials = true
  package var approval = false
  package var onFailure = FailurePolicy.rollBack
  /// The cluster that a run in a folder began on; nil before it begins, and in a controller, which has but its own.
  var cluster: ClusterIdentity?
  /// Tells a run in a folder from one of the same path on a machine of the same name; nil in a controller.
  var runner: String?

  package init() {}

  /// Pods of a cluster come and go in seconds, not in tenths of one, and users are as many as there are.
  package static var patient: CanaryLimits {
    var limits = CanaryLimits()
    limits.deadline.seconds = 240
    limits.staleSeconds = 30
    limits.watchSeconds = 10
    limits.confirmation = .seconds(3)
    limits.pace = .milliseconds(1_000)
    return limits
  }

  /// What a resume must know again.
  struct Kept: Codable {
    var kubeconfig: String?
    var context: String?
    var user: String?
    var groups: [String]
    var allowsUnverified: Bool
    var image: String
    var envoyImage: String
    var standinImage: String?
    var sidecarMilliCPU: Int
    var sidecarBytes: Int
    var meshRevision: String?
    var meshNamespace: String?
    var tolerance: Double
    var alpha: Double
    var beta: Double
    var deadline: Int
    var trials: Bool
    var approval: Bool
    var onFailure: FailurePolicy
    var cluster: ClusterIdentity?
    var runner: String?
  }

  var kept: Kept {
    Kept(
      kubeconfig: access.kubeconfig.map { URL(fileURLWithPath: $0).path }, context: access.context, user: access.user,
      groups: access.groups, allowsUnverified: access.allowsUnverified, image: image, envoyImage: envoyImage,
      standinImage: standinImage, sidecarMilliCPU: sidecarMilliCPU, sidecarBytes: sidecarBytes,
      meshRevision: meshRevision, meshNamespace: meshNamespace, tolerance: limits.tolerance, alpha: limits.alpha,
      beta: limits.beta,
      deadline: limits.deadline.seconds, trials: trials, approval: approval, onFailure: onFailure,
      cluster: cluster, runner: runner)
  }

  var keptText: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(kept), as: UTF8.self)
    }
  }

  init(keptText: String, out: String = "") throws {
    self.init(try JSONDecoder().decode(Kept.self, from: Data(keptText.utf8)), out: out)
  }

  private init(_ kept: Kept, out: String) {
    access.kubeconfig = kept.kubeconfig
    access.context = kept.context
    access.user = kept.user
    access.groups = kept.groups
    access.allowsUnverified = kept.allowsUnverified
    access.purpose = "rollout"
    (image, envoyImage, standinImage) = (kept.image, kept.envoyImage, kept.standinImage)
    (sidecarMilliCPU, sidecarBytes) = (kept.sidecarMilliCPU, kept.sidecarBytes)
    (meshRevision, meshNamespace) = (kept.meshRevision, kept.meshNamespace)
    (limits.tolerance, limits.alpha, limits.beta) = (kept.tolerance, kept.alpha, kept.beta)
    limits.deadline.seconds = kept.deadline
    (trials, approval, onFailure) = (kept.trials, kept.approval, kept.onFailure)
    (cluster, runner) = (kept.cluster, kept.runner)
    self.out = out
  }

  var images: SidecarImages {
    var images = SidecarImages(bulkhead: image, envoy: envoyImage)
    images.standin = standinImage
    (images.milliCPU, images.bytes) = (sidecarMilliCPU, sidecarBytes)
    return images
  }
}
