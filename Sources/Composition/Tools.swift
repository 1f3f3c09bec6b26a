import Diagnostics
import Foundation

/// Where the programs are that a rehearsal starts.
package struct Tools: Sendable {
  package var envoy: String
  package var standin: String
  package var initProgram: String

  /// Looks beside this program for its own helpers, and for Envoy in `BULKHEAD_ENVOY`, the project's `.tools` folder
  /// and the PATH, in this order.
  /// - Throws: `BulkheadError(.configuration)` naming what is missing and how to get it.
  package static func find(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Tools {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folder = environment["BULKHEAD_LIBEXEC"] ?? URL(fileURLWithPath: own).deletingLastPathComponent().path
    return Tools(
      envoy: try envoy(environment, below: folder),
      standin: try executable(folder + "/bulkhead-standin", cure: "install the whole package, or run 'make build'"),
      initProgram: try executable(folder + "/bulkhead-init", cure: "install the whole package, or run 'make build'"))
  }

  /// Envoy, where nothing else may be there yet.
  static var envoyAlone: String? {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let folder = URL(fileURLWithPath: own).deletingLastPathComponent().path
    return try? envoy(ProcessInfo.processInfo.environment, below: folder)
  }

  private static func envoy(_ environment: [String: String], below folder: String) throws -> String {
    if let named = environment["BULKHEAD_ENVOY"] {
      return try executable(named, cure: "BULKHEAD_ENVOY must name an Envoy binary")
    }
    // A build lies in .build/TRIPLE/release: the project's own tools are some folders up.
    var folders = [FileManager.default.currentDirectoryPath]
    var ancestor = URL(fileURLWithPath: folder)
    for _ in 0..<4 {
      folders.append(ancestor.path)
      ancestor.deleteLastPathComponent()
    }
    let path = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/envoy" }
    let candidates = folders.map { $0 + "/.tools/envoy" } + path
    if let found = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) { return found }
    throw BulkheadError(
      .configuration, "no Envoy was found",
      cure: "run 'Scripts/bootstrap' in the project's folder, or name one in BULKHEAD_ENVOY")
  }

  private static func executable(_ path: String, cure: String) throws -> String {
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw BulkheadError(.configuration, "\(path) is missing or cannot be run", cure: cure)
    }
    return path
  }
}
