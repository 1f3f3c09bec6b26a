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
  package var trials = true
  package var approval = false

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
    var tolerance: Double
    var alpha: Double
    var beta: Double
    var deadline: Int
    var trials: Bool
    var approval: Bool
  }

  var kept: Kept {
    Kept(
      kubeconfig: access.kubeconfig.map { URL(fileURLWithPath: $0).path }, context: access.context, user: access.user,
      groups: access.groups, allowsUnverified: access.allowsUnverified, image: image, envoyImage: envoyImage,
      standinImage: standinImage, sidecarMilliCPU: sidecarMilliCPU, sidecarBytes: sidecarBytes,
      tolerance: limits.tolerance, alpha: limits.alpha, beta: limits.beta, deadline: limits.deadline.seconds,
      trials: trials, approval: approval)
  }

  init(_ kept: Kept, out: String) {
    access.kubeconfig = kept.kubeconfig
    access.context = kept.context
    access.user = kept.user
    access.groups = kept.groups
    access.allowsUnverified = kept.allowsUnverified
    access.purpose = "rollout"
    (image, envoyImage, standinImage) = (kept.image, kept.envoyImage, kept.standinImage)
    (sidecarMilliCPU, sidecarBytes) = (kept.sidecarMilliCPU, kept.sidecarBytes)
    (limits.tolerance, limits.alpha, limits.beta) = (kept.tolerance, kept.alpha, kept.beta)
    limits.deadline.seconds = kept.deadline
    (trials, approval) = (kept.trials, kept.approval)
    self.out = out
  }

  var images: SidecarImages {
    var images = SidecarImages(bulkhead: image, envoy: envoyImage)
    images.standin = standinImage
    (images.milliCPU, images.bytes) = (sidecarMilliCPU, sidecarBytes)
    return images
  }
}

/// The folder of a rollout: what it was started with, its journal, its reports, and what people tell it.
struct ClusterRolloutFolder: Sendable {
  let path: String

  var journal: String { path + "/journal.sqlite" }
  var plan: String { path + "/plan.yaml" }
  var fleet: String { path + "/fleet.json" }
  var start: String { path + "/start.json" }
  var record: String { path + "/run.json" }
  var report: String { path + "/report.html" }
  var patches: String { path + "/patches" }
  /// Files that steer a run: what is there counts, and what it holds does not.
  var pause: String { path + "/pause" }
  var abort: String { path + "/abort" }
  var undone: String { path + "/undone" }
  func approval(wave: Int) -> String { path + "/approved-wave-\(wave)" }

  func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: file) }

  static func vacant(_ path: String) throws -> ClusterRolloutFolder {
    let folder = ClusterRolloutFolder(path: path)
    guard !folder.has(folder.journal), !folder.has(folder.start) else {
      throw BulkheadError(
        .configuration, "\(path.safeForTerminal) already holds a run",
        cure: "go on with it by 'bulkhead rollout resume \(path.safeForTerminal)', or choose another with --out")
    }
    return folder
  }

  static func open(_ path: String) throws -> ClusterRolloutFolder {
    let folder = ClusterRolloutFolder(path: path)
    guard folder.has(folder.start) else {
      throw BulkheadError(
        .badInput, "\(path.safeForTerminal) holds no rollout", cure: "name the folder that was given to --out")
    }
    return folder
  }

  func make() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw BulkheadError(
        .configuration, "cannot make the folder \(path.safeForTerminal)", cure: "choose another with --out",
        cause: error)
    }
  }

  /// A whole file or none.
  func write(_ text: String, to file: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    } catch {
      throw BulkheadError(
        .configuration, "cannot write \(file.safeForTerminal)", cure: "free space, or choose another with --out",
        cause: error)
    }
  }

  func read(_ file: String) throws -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: file))
    } catch {
      throw BulkheadError(
        .badInput, "\(file.safeForTerminal) cannot be read", cure: "start a new run in another folder", cause: error)
    }
  }

  func remove(_ file: String) { try? FileManager.default.removeItem(atPath: file) }

  func writePatch(_ name: String, _ yaml: String) throws {
    try FileManager.default.createDirectory(atPath: patches, withIntermediateDirectories: true)
    try write(yaml, to: patches + "/" + name)
  }
}
