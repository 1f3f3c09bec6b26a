import Diagnostics
import FleetModel
import Foundation
import Intake
import Testing

enum Support {
  /// The package's root folder.
  static let root: String = {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }()

  /// Real manifests beside the package; nil, said out loud, where they are absent.
  static let data: String? = {
    let path = ProcessInfo.processInfo.environment["BULKHEAD_DATA"] ?? root + "/../shared/data"
    if FileManager.default.fileExists(atPath: path) { return path }
    print("SKIPPED: there is no real data at \(path); set BULKHEAD_DATA to its folder")
    return nil
  }()

  static func read(_ yaml: String, strict: Bool = false) throws -> IntakeResult {
    try Intake().read([InputSource(name: "in.yaml", bytes: Array(yaml.utf8))], strict: strict)
  }

  static func read(bytes: [UInt8]) throws -> IntakeResult {
    try Intake().read([InputSource(name: "in.yaml", bytes: bytes)])
  }

  /// The error that reading ends with; nil when it does not.
  static func error(_ bytes: [UInt8], strict: Bool = false) -> BulkheadError? {
    do {
      _ = try Intake().read([InputSource(name: "in.yaml", bytes: bytes)], strict: strict)
      return nil
    } catch { return error as? BulkheadError }
  }

  static func deployment(_ name: String, namespace: String = "default", pod: String = "", container: String = "")
    -> String
  {
    """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: \(name), namespace: \(namespace)}
    spec:
      template:
        metadata: {labels: {app: \(name)}}
        spec:
    \(pod.indented(6))
          containers:
          - name: main
            image: x:1
    \(container.indented(8))
    ---

    """
  }

  static func service(_ name: String, namespace: String = "default", ports: [Int] = [8080], spec: String = "") -> String
  {
    """
    apiVersion: v1
    kind: Service
    metadata: {name: \(name), namespace: \(namespace)}
    spec:
      selector: {app: \(name)}
    \(spec.indented(2))
      ports:
    \(ports.map { "- {port: \($0), name: http-\($0)}" }.joined(separator: "\n").indented(2))
    ---

    """
  }
}

extension String {
  func indented(_ count: Int) -> String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
  }
}

extension IntakeResult {
  /// `code line` of each finding.
  var marks: [String] { findings.map { "\($0.code) \($0.location?.line ?? -1)" } }
}
