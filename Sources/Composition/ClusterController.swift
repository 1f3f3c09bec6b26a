import Diagnostics
import Foundation
import KubernetesAPI
import KubernetesTarget
import Telemetry

/// The controller as it runs in a cluster: follows `Rollout` objects and carries them out, one at a time.
///
/// It leads only while there is something to do: then it holds the lease that also keeps command lines out, and where
/// nothing is to be done, nothing is written. Several may run; those that do not lead wait.
package struct ClusterController: Sendable {
  package var access = ClusterAccess()
  /// Who this is, to the lease.
  package var identity = ProcessInfo.processInfo.hostName
  package var metricsPort = 8080
  package var leaseSeconds = 15
  /// For orders that name no images.
  package var image = ClusterRolloutOptions().image
  package var envoyImage = ClusterRolloutOptions().envoyImage
  package var standinImage: String?

  package init() {}

  /// Serves until the task is cancelled.
  /// - Throws: `BulkheadError`: 75 when the lease was lost, after which nothing more may be written.
  package func run(say: @escaping @Sendable (String) -> Void) async throws {
    let (picture, metrics) = (RolloutPicture(), ControllerMetrics())
    let (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    var access = access
    // A write must be over before the lease can be somebody else's.
    access.answerSeconds = max(3, leaseSeconds / 3)
    try await access.with(warn: { say("the cluster warns: \($0)") }) { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await client.follow(.rollouts, namespace: ClusterNames.namespace) { change in
            picture.take(change)
            signal.yield()
          }
        }
        group.addTask {
          try await TelemetryServer.serve(port: metricsPort, bound: { say("metrics on port \($0)") }) { path in
            switch path {
            case "/metrics": (true, metrics.text(picture))
            case "/healthz": (true, "ok\n")
            case "/readyz": (picture.isListed, picture.isListed ? "ok\n" : "the Rollouts have not been read yet\n")
            default: nil
            }
          }
        }
        group.addTask {
          let worker = ControllerWorker(self, client, picture, metrics, say: say) { signal.yield() }
          try await worker.work(changes)
        }
        do {
          _ = try await group.next()
        } catch let failure as APIFailure {
          group.cancelAll()
          throw failure.error
        }
        group.cancelAll()
      }
    }
  }
}
