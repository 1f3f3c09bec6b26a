import Diagnostics
import Foundation
import Intake

/// The folder of one run: the input it was started with, its journal and its reports.
struct RunFolder: Sendable {
  let path: String

  var journal: String { path + "/journal.sqlite" }
  var input: String { path + "/input" }
  var record: String { path + "/run.json" }
  var report: String { path + "/report.html" }

  /// Makes the folder for a new run.
  /// - Throws: `BulkheadError(.configuration)` when it holds a run already or cannot be made.
  static func create(_ path: String) throws -> RunFolder {
    let folder = RunFolder(path: path)
    let manager = FileManager.default
    if manager.fileExists(atPath: folder.journal) {
      throw BulkheadError(
        .configuration, "\(path) already holds a run",
        cure: "go on with it by 'bulkhead rehearse --resume \(path)', or choose another folder with --out")
    }
    do {
      try manager.createDirectory(
        atPath: folder.input, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw BulkheadError(
        .configuration, "cannot make the folder \(path)", cure: "choose another with --out", cause: error)
    }
    return folder
  }

  /// Opens the folder of an earlier run.
  static func open(_ path: String) throws -> RunFolder {
    let folder = RunFolder(path: path)
    guard FileManager.default.fileExists(atPath: folder.journal) else {
      throw BulkheadError(
        .badInput, "\(path) holds no run to go on with", cure: "name the folder that was given to --out")
    }
    return folder
  }

  /// Keeps the input byte for byte, so that a resume reads exactly what the run was started with.
  func keep(_ sources: [InputSource]) throws {
    var names: [String] = []
    for (index, source) in sources.enumerated() {
      let name = "\(index).yaml"
      try write(Data(source.bytes), to: input + "/" + name)
      names.append(source.name)
    }
    try write(try JSONEncoder().encode(names), to: input + "/names.json")
  }

  func keptSources() throws -> [InputSource] {
    do {
      let names = try JSONDecoder().decode(
        [String].self, from: Data(contentsOf: URL(fileURLWithPath: input + "/names.json")))
      return try names.enumerated().map { index, name in
        InputSource(name: name, bytes: Array(try Data(contentsOf: URL(fileURLWithPath: "\(input)/\(index).yaml"))))
      }
    } catch {
      throw BulkheadError(.badInput, "the input kept in \(input) cannot be read", cure: "start a new run", cause: error)
    }
  }

  /// Writes a whole file or none: a reader never sees half of it.
  func write(_ data: Data, to path: String) throws {
    do {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw BulkheadError(
        .configuration, "cannot write \(path)", cure: "free space on the disk or choose another folder with --out",
        cause: error)
    }
  }
}
