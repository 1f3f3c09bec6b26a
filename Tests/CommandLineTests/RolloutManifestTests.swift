import ArgumentParser
import Composition
import Intake
import Testing

@testable import CommandLine

@Suite("The Rollout object that 'rollout manifest' writes")
struct RolloutManifestTests {
  private static let plan = """
    apiVersion: bulkhead.dev/v1alpha1
    kind: Plan
    spec:
      mesh: envoy
      capacity: 1
      fleetDigest: "\(String(repeating: "0", count: 64))"
      waves:
      - name: "wave-1"
        steps:
        - {workload: "shop/cart[Deployment]", action: enrol}
    """

  private func manifest(_ arguments: String...) throws -> String {
    let settings = try RolloutSettings.parse(arguments)
    var options = ClusterRolloutOptions()
    options.plan = Array(Self.plan.utf8)
    try settings.apply(to: &options)
    return try RolloutManifest(
      name: "shop", options: options, images: .init(bulkhead: settings.image, envoy: settings.envoyImage),
      sidecarCPU: settings.sidecarCpu, sidecarMemory: settings.sidecarMemory, keepsOnDeletion: false
    ).text()
  }

  @Test("names no image that nobody named, so that the controller's own hold")
  func unnamed() throws {
    #expect(!(try manifest()).contains("images:"))
  }

  @Test("names the images that were named, and no others")
  func named() throws {
    let text = try manifest("--envoy-image", "registry.example/envoy:1", "--standin-image", #"s"\:1"#)
    #expect(
      text.contains("  images:\n    envoy: \"registry.example/envoy:1\"\n    standin: \"s\\\"\\\\:1\"\n  sidecar:"))
  }
}
