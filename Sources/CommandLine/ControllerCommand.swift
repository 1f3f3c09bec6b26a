package import ArgumentParser
import Composition
import Diagnostics
import Foundation

/// `bulkhead controller`: runs in the cluster.
package struct ControllerCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "controller",
    abstract: "Carry out the Rollout objects of a cluster (runs in the cluster, see deploy/controller.yaml).",
    discussion: """
      Follows the Rollout objects of the namespace bulkhead. It leads only while one of them needs something done, and
      keeps its journal in the cluster. docs/rollout.md tells how to order a rollout.

      EXAMPLES
        bulkhead controller --image registry/bulkhead:0.1.0 --envoy-image registry/envoy:1
        bulkhead controller --kubeconfig ~/.kube/config --metrics-port 0      outside the cluster

      EXIT CODES
        69 the API server does not answer · 75 the lease was lost · 77 not permitted · 78 configuration ·
        130, 143 signals
      """)

  @Option(name: .long, help: "Of metrics and health; 0 for any.")
  var metricsPort = 8080
  @Option(name: .long, help: "Who this is; each replica has a name of its own.")
  var identity: String?
  @Option(name: .long, help: "Image with bulkhead and nft, for orders that name none.")
  var image = ClusterRolloutOptions().image
  @Option(name: .long, help: "Image with envoy, for orders that name none.")
  var envoyImage = ClusterRolloutOptions().envoyImage
  @Option(name: .long, help: "Image with bulkhead-standin, for orders that name none.")
  var standinImage: String?
  @Option(name: .long, help: "Seconds after which another replica takes over from one that is silent.")
  var leaseSeconds = 15
  @Option(name: .long, help: ArgumentHelp("Without it, the pod's own account.", valueName: "file"))
  var kubeconfig: String?

  package init() {}

  package func validate() throws {
    guard (0...65_535).contains(metricsPort) else { throw ValidationError("--metrics-port: 0 to 65535") }
    guard (10...600).contains(leaseSeconds) else { throw ValidationError("--lease-seconds: 10 to 600") }
  }

  package func run() async throws {
    var controller = ClusterController()
    controller.access.kubeconfig = kubeconfig
    controller.access.purpose = "controller"
    controller.identity = identity ?? "\(ProcessInfo.processInfo.hostName)_\(UUID().uuidString.prefix(8).lowercased())"
    (controller.metricsPort, controller.leaseSeconds) = (metricsPort, leaseSeconds)
    (controller.image, controller.envoyImage, controller.standinImage) = (image, envoyImage, standinImage)
    let serving = controller
    try await CancelOnSignal.run { try await serving.run(say: RolloutCommand.say) }
  }
}
