import Diagnostics
import FleetModel
import Foundation
import Intake
import Reachability
import Testing

@testable import Policies

enum Support {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().resolvingSymlinksInPath().path

  /// Real manifests and definitions beside the package; nil, said out loud, where they are absent.
  static let data: String? = {
    let path = ProcessInfo.processInfo.environment["BULKHEAD_DATA"] ?? root + "/../shared/data"
    if FileManager.default.fileExists(atPath: path) { return path }
    print("SKIPPED: there is no real data at \(path); set BULKHEAD_DATA to its folder")
    return nil
  }()

  /// More rounds where somebody has the time (`BULKHEAD_SOAK`).
  static func rounds(_ count: Int) -> Int {
    ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] == nil ? count : count * 50
  }

  static func fleet(_ yaml: String) throws -> Fleet {
    try Intake().read([InputSource(name: "in.yaml", bytes: Array(yaml.utf8))]).fleet
  }

  static func solve(
    _ yaml: String, _ target: PolicyTarget, _ change: (inout PolicyOptions) -> Void = { _ in }
  ) throws -> PolicySet {
    var options = PolicyOptions(target: target)
    change(&options)
    return PolicySolver(try fleet(yaml), options: options).solve()
  }

  static func deployment(
    _ name: String, in namespace: String = "shop", labels: String? = nil, pod: String = "", container: String = "",
    annotations: String = "{}", kind: String = "Deployment"
  ) -> String {
    """
    ---
    apiVersion: apps/v1
    kind: \(kind)
    metadata: {name: \(name), namespace: \(namespace)}
    spec:
      template:
        metadata: {labels: \(labels ?? "{app: \(name)}"), annotations: \(annotations)}
        spec: {serviceAccountName: \(name), \(pod) containers: [{name: main, image: "x:1", \(container)}]}

    """
  }

  static func service(
    _ name: String, in namespace: String = "shop", port: Int = 80, target: Int = 8080, spec: String = "",
    portName: String = "http"
  ) -> String {
    """
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: \(name), namespace: \(namespace)}
    spec: {selector: {app: \(name)}, \(spec) ports: [{name: \(portName), port: \(port), targetPort: \(target)}]}

    """
  }

  static func calls(_ hosts: String...) -> String {
    let list = hosts.enumerated().map { "{name: ADDR_\($0.offset), value: \"\($0.element)\"}" }
    return "env: [\(list.joined(separator: ", "))],"
  }

  /// web calls cart, and nothing else happens.
  static let pair =
    deployment("web", container: calls("cart:80")) + service("web") + deployment("cart") + service("cart")
}

/// The value of a YAML text as Kubernetes reads it.
func parsed(_ yaml: String) throws -> DocumentValue {
  let holder = "apiVersion: test.bulkhead.dev/v1\nkind: Thing\nmetadata: {name: x, namespace: y}\nspec:\n  value:"
  let body = yaml.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n")
  let fleet = try DocumentReader.values(holder + "\n" + body)
  return try #require(fleet.first)["spec"]?["value"] ?? .null
}
