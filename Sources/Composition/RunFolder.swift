import Diagnostics
import FleetModel
import Foundation
import Intake

/// What a run may be given beside manifests.
private enum OtherSource: String, Codable, CaseIterable {
  case requirements, plan, plant

  var place: WritableKeyPath<RehearsalOptions, InputSource?> {
    switch self {
    case .requirements: \.requirementsFile
    case .plan: \.planFile
    case .plant: \.plantFile
    }
  }
}

/// The folder of one run: the input it was started with, its journal and its reports.
struct RunFolder: Sendable {
  let path: String

  var journal: String { path + "/journal.sqlite" }
  var input: String { path + "/input" }
  var record: String { path + "/run.json" }
  var report: String { path + "/report.html" }

  /// The folder for a new run; nothing is made yet.
  /// - Throws: `BulkheadError(.configuration)` when it holds a run already.
  static func vacant(_ path: String) throws -> RunFolder {
    let folder = RunFolder(path: path)
    if FileManager.default.fileExists(atPath: folder.journal) {
      throw BulkheadError(
        .configuration, "\(path) already holds a run",
        cure: "go on with it by 'bulkhead rehearse --resume \(path)', or choose another folder with --out")
    }
    return folder
  }

  /// Opens the folder of an earlier run.
  static func open(_ path: String) throws -> RunFolder {
    let folder = RunFolder(path: path)
    guard [folder.journal, folder.start].contains(where: FileManager.default.fileExists(atPath:)) else {
      throw BulkheadError(
        .badInput, "\(path) holds no run to go on with", cure: "name the folder that was given to --out")
    }
    return folder
  }

  /// What a run was started with. Written last and before the journal is born: where it is, all of the input is.
  private var start: String { input + "/start.json" }

  private struct Start: Codable {
    /// The names by which the sources were given, in order; source N is kept as `N.yaml`.
    var names: [String]
    /// What the sources behind the manifests are, in order.
    var others: [OtherSource]
    var traffic: [TrafficReport]
    var options: [String: String]
  }

  /// Makes the folder and keeps the input byte for byte, so that a resume reads exactly what the run was started with.
  /// - Throws: `BulkheadError(.configuration)` when it cannot be written.
  func keep(_ options: RehearsalOptions) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: input, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      let reason = (error as NSError).userInfo[NSUnderlyingErrorKey].map { "\($0)" } ?? "\(error)"
      throw BulkheadError(
        .configuration, "cannot make the folder \(path): \(reason)", cure: "choose another with --out")
    }
    let others = OtherSource.allCases.filter { options[keyPath: $0.place] != nil }
    let sources = options.sources + others.compactMap { options[keyPath: $0.place] }
    for (index, source) in sources.enumerated() { try write(Data(source.bytes), to: "\(input)/\(index).yaml") }
    let start = Start(names: sources.map(\.name), others: others, traffic: options.traffic, options: options.journalled)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try write(try encoder.encode(start), to: self.start)
  }

  /// The options of the run that was started in this folder, with its sources.
  func kept(_ options: RehearsalOptions) throws -> RehearsalOptions {
    do {
      let start = try JSONDecoder().decode(Start.self, from: Data(contentsOf: URL(fileURLWithPath: start)))
      var result = options
      result.restore(start.options)
      result.traffic = start.traffic
      result.sources = try start.names.enumerated().map { index, name in
        InputSource(name: name, bytes: Array(try Data(contentsOf: URL(fileURLWithPath: "\(input)/\(index).yaml"))))
      }
      for other in start.others.reversed() { result[keyPath: other.place] = result.sources.popLast() }
      return result
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
