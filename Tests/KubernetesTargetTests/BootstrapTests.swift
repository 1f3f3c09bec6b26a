import Foundation
import IntentModel
import Subprocess
import SystemPackage
import Testing

@testable import EnvoyMesh
@testable import KubernetesTarget

/// The sidecars' bootstrap, read by the Envoy that is to run with it.
@Suite struct BootstrapTests {
  static let envoy = ProcessInfo.processInfo.environment["BULKHEAD_ENVOY"]

  @Test(.enabled(if: envoy != nil, "needs BULKHEAD_ENVOY, as make test sets it"))
  func envoyTakesIt() async throws {
    let folder = "/tmp/bulkhead-bootstrap-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let authority = try CertificateAuthority(commonName: "mesh", now: Date())
    let pod = try authority.issue(
      for: SpiffeID(trustDomain: "bulkhead.local", namespace: "shop", account: "cart"), now: Date())
    let text = ClusterBootstrap.text(
      address: "10.96.0.9", serverName: ClusterNames.serverName, root: authority.rootPEM)
    // The files of a pod, where this test may write.
    let moved = text.replacingOccurrences(of: ClusterBootstrap.credentialFolder, with: folder)
    for (name, content) in [
      (ClusterBootstrap.fileName, moved), (ClusterBootstrap.certificateFile, pod.chainPEM),
      (ClusterBootstrap.keyFile, pod.privateKeyPEM),
    ] {
      try content.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }
    let arguments = ClusterBootstrap.arguments.map {
      $0.replacingOccurrences(of: ClusterBootstrap.configurationFolder, with: folder)
    }
    let words = arguments + ["--mode", "validate", "--service-node", "cart-0", "--service-cluster", "shop/cart"]
    let result = try await Subprocess.run(
      .path(FilePath(try #require(Self.envoy))), arguments: Arguments(words), output: .string(limit: 1 << 16),
      error: .string(limit: 1 << 20))
    #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
  }
}
