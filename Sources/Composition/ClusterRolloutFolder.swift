import Diagnostics
import Foundation
import JournalStore
import Rollout

/// The folder of a rollout: what it was started with, its journal, its reports, and what people tell it.
struct ClusterRolloutFolder: Sendable {
  let path: String

  var journal: String { path + "/journal.sqlite" }
  var plan: String { path + "/plan.yaml" }
  var fleet: String { path + "/fleet.json" }
  var start: String { path + "/start.json" }
  var record: String { path + "/run.json" }
  var report: String { path + "/report.html" }
  var patches: String { path + "/patches" }
  /// Files that steer a run: what is there counts, and what it holds does not.
  var pause: String { path + "/pause" }
  var abort: String { path + "/abort" }
  var frozen: String { path + "/frozen" }
  var undone: String { path + "/undone" }
  func approval(wave: Int) -> String { path + "/approved-wave-\(wave)" }

  func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: file) }

  static func vacant(_ path: String) throws -> ClusterRolloutFolder {
    let folder = ClusterRolloutFolder(path: path)
    guard !folder.has(folder.journal), !folder.has(folder.start) else {
      throw BulkheadError(
        .configuration, "\(path.safeForTerminal) already holds a run",
        cure: "go on with it by 'bulkhead rollout resume \(path.safeForTerminal)', or choose another with --out")
    }
    return folder
  }

  static func open(_ path: String) throws -> ClusterRolloutFolder {
    let folder = ClusterRolloutFolder(path: path)
    guard folder.has(folder.start) else {
      throw BulkheadError(
        .badInput, "\(path.safeForTerminal) holds no rollout", cure: "name the folder that was given to --out")
    }
    return folder
  }

  func make() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw BulkheadError(
        .configuration, "cannot make the folder \(path.safeForTerminal)", cure: "choose another with --out",
        cause: error)
    }
  }

  /// A whole file or none.
  func write(_ text: String, to file: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    } catch {
      throw BulkheadError(
        .configuration, "cannot write \(file.safeForTerminal)", cure: "free space, or choose another with --out",
        cause: error)
    }
  }

  func read(_ file: String) throws -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: file))
    } catch {
      throw BulkheadError(
        .badInput, "\(file.safeForTerminal) cannot be read", cure: "start a new run in another folder", cause: error)
    }
  }

  func remove(_ file: String) { try? FileManager.default.removeItem(atPath: file) }

  func writePatch(_ name: String, _ yaml: String) throws {
    try FileManager.default.createDirectory(atPath: patches, withIntermediateDirectories: true)
    try write(yaml, to: patches + "/" + name)
  }
}

/// A run that lives in a folder, beside the command that carries it out.
struct FolderHome: RolloutHome {
  let folder: ClusterRolloutFolder
  let options: ClusterRolloutOptions
  /// The plan's text, to be kept.
  let plan: String

  func fleet() throws -> String? {
    guard folder.has(folder.start) else { return nil }
    return String(decoding: try folder.read(folder.fleet), as: UTF8.self)
  }

  func begin(fleet: String) throws {
    try folder.make()
    try folder.write(fleet, to: folder.fleet)
    try folder.write(plan, to: folder.plan)
    // Last: where it is, all of the rest is.
    try folder.write(try options.keptText, to: folder.start)
  }

  func withJournal<Value: Sendable>(
    _ body: @Sendable (any Journal) async throws -> Value
  ) async throws -> Value {
    let journal = try await SQLiteJournal.open(at: folder.journal, folder.has(folder.journal) ? .resume : .create)
    do {
      _ = try await journal.verify()
      let value = try await body(journal)
      try await journal.close()
      return value
    } catch {
      try? await journal.close()
      throw error
    }
  }

  func kept(_ file: RunFile) throws -> String? {
    let path = path(file)
    return folder.has(path) ? String(decoding: try folder.read(path), as: UTF8.self) : nil
  }

  func keep(_ text: String, as file: RunFile) throws {
    if case .patch(let name) = file { return try folder.writePatch(name, text) }
    try folder.write(text, to: path(file))
  }

  func wishes(wave: Int) -> RolloutWishes {
    RolloutWishes(
      isPaused: folder.has(folder.pause), isAborted: folder.has(folder.abort),
      isApproved: !options.approval || folder.has(folder.approval(wave: wave)))
  }

  private func path(_ file: RunFile) -> String {
    switch file {
    case .record: folder.record
    case .report: folder.report
    case .frozen: folder.frozen
    case .undone: folder.undone
    case .sidecarsLeft: folder.path + "/sidecars-left.txt"
    case .patch(let name): folder.patches + "/" + name
    }
  }
}
