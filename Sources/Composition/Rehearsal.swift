package import Diagnostics
import Foundation
import JournalStore
import Planning
import Reports
package import Rollout

/// A whole rollout rehearsed on this machine's twin: wires intake, planner, engine, twin, mesh, journal and reports.
package struct Rehearsal: Sendable {
  private let folder: RunFolder
  private let options: RehearsalOptions
  private let resuming: Bool

  /// A new run into `options.out`.
  package init(starting options: RehearsalOptions) throws {
    guard !options.sources.isEmpty else {
      throw BulkheadError(.usage, "no input was named", cure: "give manifests with -f FILE, -f FOLDER or -f -")
    }
    self.options = options
    resuming = false
    // Input is read before anything is made: a bad file must not leave a folder behind.
    guard !(try RehearsalSetup(options)).plan.waves.isEmpty else { throw Self.nothingToEnrol }
    folder = try RunFolder.vacant(options.out)
  }

  /// Goes on with the run in a folder.
  package init(resuming path: String, options: RehearsalOptions = RehearsalOptions()) throws {
    folder = try RunFolder.open(path)
    var options = options
    options.out = path
    self.options = options
    resuming = true
  }

  package var reportPath: String { folder.report }

  /// Runs to the end and writes the reports.
  /// - Returns: the exit code of the command (design, section 4).
  package func run(_ watchers: RolloutWatchers) async throws -> ExitCode {
    let tools = try Tools.find()
    let asked = resuming ? (try? folder.kept(options)) ?? options : options
    try await MachineCheck.require(envoy: tools.envoy, userNamespaces: !asked.kernelFidelity)
    if !resuming { try folder.keep(options) }
    let journal = try await openJournal()
    do {
      let code = try await run(watchers, tools: tools, journal: journal)
      try await journal.close()
      return code
    } catch {
      try? await journal.close()
      throw error
    }
  }

  /// A run that was killed before its journal was born has one to be created, and goes on from its kept input alone.
  private func openJournal() async throws -> SQLiteJournal {
    do {
      return try await SQLiteJournal.open(at: folder.journal, .create)
    } catch let error as BulkheadError where error.exit == .usage && resuming {
      return try await SQLiteJournal.open(at: folder.journal, .resume)
    }
  }

  private func run(_ watchers: RolloutWatchers, tools: Tools, journal: SQLiteJournal) async throws -> ExitCode {
    _ = try await journal.verify()
    let history = try RunHistory(try await journal.records())
    let settings = try settings(history)
    let setup = try RehearsalSetup(settings)
    guard !setup.plan.waves.isEmpty else { throw Self.nothingToEnrol }
    let ledger = RunLedger(journal: journal)
    if let header = history.header {
      guard header.fleetDigest == setup.plan.fleetDigest else {
        throw BulkheadError(
          .badInput, "the run in \(folder.path) was started over another fleet",
          cure: "start a new run; the input kept in \(folder.input) was changed")
      }
    } else {
      try await ledger.runBegins(setup.header)
    }
    if history.result == nil {
      try await setup.execute(tools: tools, journal: journal, resume: history.resume, watchers: watchers)
    }
    let finished = try RunHistory(try await journal.records())
    try report(finished, setup)
    return finished.exitCode
  }

  private func report(_ history: RunHistory, _ setup: RehearsalSetup) throws {
    let run = RunReport(history: history, fleet: setup.fleet, plan: setup.plan, findings: setup.findings)
    try folder.write(Data(run.json.utf8), to: folder.record)
    try folder.write(Data(HTMLReport(run).text.utf8), to: folder.report)
  }

  /// The options of a resumed run are those it was started with.
  private func settings(_ history: RunHistory) throws -> RehearsalOptions {
    guard resuming else { return options }
    var settings = try folder.kept(options)
    // The journal is chained and the kept file is not: where both speak, the journal counts.
    if let header = history.header { settings.restore(header.options) }
    return settings
  }

  private static let nothingToEnrol = BulkheadError(
    .badInput, "the input holds no workload to enrol",
    cure: "name manifests with at least one Deployment or Pod that the requirements do not exclude")
}
