package import ArgumentParser
import Composition
import Diagnostics
import Foundation
import Glibc

/// `bulkhead doctor`: everything this machine lacks for a rehearsal, in one go.
package struct DoctorCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "List what this machine has and lacks for a rehearsal, and how to get it.",
    discussion: """
      Looks and changes nothing. On Debian, 'make bootstrap' in the project's folder installs what is missing.

      EXAMPLES
        bulkhead doctor
        sudo bulkhead doctor -o json | jq -r '.facts[] | select(.met | not) | .cure'

      EXIT CODES
        0 ready for a rehearsal · 78 something is missing
      """)

  @Option(name: .shortAndLong, help: "table or json.")
  var output: OutputFormat = .table
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func run() async throws {
    let check = await MachineCheck.run()
    switch output {
    case .json: print(try DoctorDocument(check).text(), terminator: "")
    case .table:
      print(table(check.facts).rendered(), terminator: "")
      StandardError.write(summary(check) + "\n")
    }
    if !check.isReady { throw ArgumentParser.ExitCode(Diagnostics.ExitCode.configuration.rawValue) }
  }

  private func table(_ facts: [MachineCheck.Fact]) -> TextTable {
    TextTable(
      columns: ["WHAT", "STATE", "FOUND, AND HOW TO GET WHAT IS MISSING"],
      rows: facts.map { fact in
        [
          .init(fact.name), fact.isMet ? .init("ok", .green) : .init("missing", .red),
          .init(fact.isMet ? fact.detail : "\(fact.detail) → \(fact.cure)"),
        ]
      }, colored: color.isOn(terminal: isatty(STDOUT_FILENO) == 1))
  }

  private func summary(_ check: MachineCheck) -> String {
    let missing = check.facts.filter { !$0.isMet }
    guard !missing.isEmpty else { return "This machine is ready: bulkhead rehearse -f MANIFESTS --out out" }
    return "This machine is not ready for a rehearsal: \(missing.count) of \(check.facts.count) missing."
  }
}

/// The same for programs: `bulkhead.doctor/1`, facts sorted by name.
private struct DoctorDocument: Encodable {
  private struct Entry: Encodable {
    var name: String
    var met: Bool
    var detail: String
    /// What to do about it; absent when met.
    var cure: String?
  }

  private var ready: Bool
  private var facts: [Entry]

  init(_ check: MachineCheck) {
    ready = check.isReady
    facts = check.facts.sorted { $0.name < $1.name }.map {
      Entry(name: $0.name, met: $0.isMet, detail: $0.detail, cure: $0.isMet ? nil : $0.cure)
    }
  }

  /// The schema goes first, which sorted keys alone would not do.
  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let body = String(decoding: try encoder.encode(self), as: UTF8.self)
    return "{\n  \"schema\" : \"bulkhead.doctor/1\",\n" + body.dropFirst(2) + "\n"
  }
}
