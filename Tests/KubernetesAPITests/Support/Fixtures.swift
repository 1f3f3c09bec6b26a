import Diagnostics
import FleetModel
import Foundation
import Intake
import Synchronization

@testable import KubernetesAPI

enum Fixtures {
  static let place = SourceLocation(file: "kubeconfig", line: 1)
  static let isSoaking = ProcessInfo.processInfo.environment["BULKHEAD_SOAK"] != nil

  static let deployments = APIResource(
    group: "apps", version: "v1", kind: "Deployment", plural: "deployments", isNamespaced: true)
  static let cart = ObjectName(deployments, namespace: "shop", name: "cart")
  static let cartPath = "/apis/apps/v1/namespaces/shop/deployments/cart"

  static func json(_ text: String) -> DocumentValue { (try? JSONItem.read(Array(text.utf8)).value) ?? .null }

  static func cart(replicas: Int) -> DocumentValue {
    json(
      #"""
      {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"cart","namespace":"shop"},
      "spec":{"replicas":\#(replicas)}}
      """#)
  }

  /// The failure that something ends with; nil when it does not.
  static func failure(_ body: () async throws -> Void) async -> APIFailure? {
    do {
      try await body()
      return nil
    } catch { return error as? APIFailure }
  }

  /// The error of a kubeconfig.
  static func error(_ body: () throws -> Void) -> BulkheadError? {
    do {
      try body()
      return nil
    } catch { return error as? BulkheadError }
  }

  /// A folder of its own, which `body` may fill.
  static func folder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("bulkhead-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(url.path)
  }

  static func write(_ text: String, _ path: String, mode: Int = 0o600) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }
}

/// Pauses that took no time.
final class Pauses: Sendable {
  private let taken = Mutex<[Duration]>([])
  func add(_ pause: Duration) { taken.withLock { $0.append(pause) } }
  var all: [Duration] { taken.withLock(\.self) }
}

/// A fixed sequence for a seed.
struct FixedSeedGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
