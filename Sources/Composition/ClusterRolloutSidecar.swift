import Diagnostics
import EnvoyMesh
import Foundation
import KubernetesTarget
import Subprocess

/// What runs inside a pod before its sidecar starts.
package enum SidecarPreparation {
  /// Exchanges the token of the pod's service account for a credential, and writes it where Envoy reads it.
  package static func credential(
    address: String, serverName: String, rootFile: String, tokenFile: String, out: String
  ) async throws {
    let root = try text(rootFile)
    let token = try text(tokenFile).trimmingCharacters(in: .whitespacesAndNewlines)
    let credential = try await PodCredential.request(
      host: address, port: DiscoveryPorts.credentials, serverName: serverName, root: root, token: token)
    try write(credential.keyPEM, to: "\(out)/\(ClusterBootstrap.keyFile)")
    try write(credential.certificatePEM, to: "\(out)/\(ClusterBootstrap.certificateFile)")
  }

  /// Sets the capture rules in this network namespace.
  package static func capture(nodeAddress: String?, probePorts: [Int]) async throws {
    var rules = CaptureText()
    let routes = (try? String(contentsOfFile: "/proc/net/route", encoding: .utf8)) ?? ""
    rules.nodeAddresses = Set([nodeAddress, CaptureText.gateway(routes)].compactMap(\.self)).sorted()
    rules.probePorts = probePorts
    let result = try await Subprocess.run(
      .name("nft"), arguments: ["-f", "-"], input: .string(rules.text), output: .discarded,
      error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess else {
      throw BulkheadError(
        .notPermitted, "the capture rules were not taken: \(result.standardError.safeForTerminal)",
        cure: "the container needs NET_ADMIN, and the node's kernel nf_tables with NAT")
    }
  }

  private static func text(_ path: String) throws -> String {
    do {
      return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw BulkheadError(
        .configuration, "\(path.safeForTerminal) cannot be read", cure: "see the volumes of the pod", cause: error)
    }
  }

  private static func write(_ text: String, to path: String) throws {
    guard
      FileManager.default.createFile(
        atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else {
      throw BulkheadError(
        .configuration, "\(path.safeForTerminal) cannot be written", cure: "see the volumes of the pod")
    }
  }
}
