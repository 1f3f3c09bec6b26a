import Diagnostics
import FleetModel
import Foundation
import IntentModel
import Linux
import StandinProtocol

/// runc on the logical nodes: bundles are written from outside, started and killed inside.
struct ContainerRuntime: Sendable {
  let world: World

  /// The stand-in as the nodes themselves run it.
  var standin: [String] { ["\(World.directory)/tools/standin"] }
  static let standinInContainer = "/.bulkhead/standin"

  /// What every container of a stand-in gets besides what its manifest says.
  var standinBinds: [ExtraBind] {
    [ExtraBind(source: "\(World.directory)/tools/standin", destination: Self.standinInContainer)]
  }

  /// `--rootless=false`: uid 0 of a user namespace is taken for an ordinary user otherwise, and errors of cgroups are
  /// passed over in silence.
  private func runc(_ node: String) -> [String] {
    ["runc", "--rootless=false", "--root", "\(World.directory)/runc/\(node)"]
  }

  private var writer: BundleWriter {
    let world = world
    return BundleWriter(directory: world.hostDirectory) { world.idMap($0) }
  }

  /// Writes a bundle; returns its directory inside the world.
  func write(_ request: ContainerRequest) throws -> String {
    let bundle = try ContainerBundle(request)
    let missing = try writer.prepare(bundle.nodePaths)
    if let first = missing.first {
      throw BulkheadError(
        .badInput, "\(request.podName): the volume's path \(first.path.safeForTerminal) is not on the twin's node",
        cure: "hostPath types other than DirectoryOrCreate and FileOrCreate need the path to be there")
    }
    try writer.write(bundle)
    return "\(World.directory)/\(bundle.directory)"
  }

  /// A container that runs.
  struct Started: Sendable {
    /// Its first process, in its node's numbering.
    var pid: Int32
    /// runc is long gone, but what the container writes to standard error still arrives here.
    var process: WorldProcess
  }

  func start(_ id: String, bundle: String, node: String, input: Int32?, output: Int32?) async throws -> Started {
    let pidFile = "\(bundle)/pid"
    let command = runc(node) + ["run", "--detach", "--pid-file", pidFile, "--bundle", bundle, id]
    let started = try await world.spawn(command, in: .node(node), input: input, output: output)
    let status = try await started.wait(limit: .seconds(20))
    guard status == 0 else {
      throw BulkheadError(.unexpected, "runc could not start \(id): \(started.errorText.safeForTerminal)")
    }
    let written = world.read(String(pidFile.dropFirst(World.directory.count)))
    guard let written, let pid = Int32(String(decoding: written, as: UTF8.self).prefix { $0.isNumber })
    else { throw BulkheadError(.unexpected, "runc left no process id for \(id)") }
    return Started(pid: pid, process: started)
  }

  /// Runs a container to its end and returns what it printed.
  func run(_ id: String, bundle: String, node: String, limit: Duration) async throws -> CommandResult {
    let command = runc(node) + ["run", "--bundle", bundle, id]
    let result = try await world.run(command, in: .node(node), input: [], limit: limit)
    try? await remove([id], node: node)
    return result
  }

  /// Kills containers at the same moment.
  func kill(_ ids: [String], node: String) async throws {
    let runc = runc(node).joined(separator: " ")
    let kills = ids.map { "\(runc) kill \($0) KILL & jobs=\"$jobs $!\"" }.joined(separator: "\n")
    let script = "jobs=\n\(kills)\nfor job in $jobs; do wait $job || exit 1; done"
    let result = try await world.run(["sh", "-c", script], in: .node(node), input: [], limit: .seconds(10))
    guard result.status == 0 else {
      throw BulkheadError(
        .unexpected, "could not kill \(ids.joined(separator: ", ")): \(result.errorText.safeForTerminal)")
    }
  }

  /// Kills and removes containers; what is already gone is no error.
  func remove(_ ids: [String], node: String) async throws {
    guard !ids.isEmpty else { return }
    let deletions = ids.map { "\(runc(node).joined(separator: " ")) delete --force \($0) 2>/dev/null &" }.joined(
      separator: "\n")
    _ = try await world.run(
      ["sh", "-c", deletions + "\nwait"], in: .node(node), input: [], limit: .seconds(20))
  }
}
