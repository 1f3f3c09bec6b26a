package import ArgumentParser
import Audit
import Breach
import Diagnostics
import FleetModel
import Glibc
import Intake
import Reports

/// `bulkhead diff`: what changes between two inputs.
package struct DiffCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two inputs: findings that are new, findings that are fixed, and how exposure changes.",
    discussion: """
      Findings are the same when their fingerprints are: lines, files and the order of objects do not matter.

      EXAMPLES
        bulkhead diff before/ after/
        git show main:deploy.yaml > old.yaml && bulkhead diff old.yaml deploy.yaml
        bulkhead diff before/ after/ -o json | jq '.new[] | {code, resource}'

      EXIT CODES
        0 no difference · 2 findings are new or fixed · 64 usage · 65 bad input
      """)

  @Argument(help: "Manifests as they were: a file or a folder, - for standard input.")
  var old: String
  @Argument(help: "Manifests as they are to be.")
  var new: String
  @Option(name: .shortAndLong, help: "table or json.")
  var output: OutputFormat = .table
  @OptionGroup var options: FindingOptions
  @Flag(name: .long, help: "A bad document is an error (exit 65), not a finding.")
  var strict = false
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func validate() throws {
    if old == "-" && new == "-" { throw ValidationError("standard input can be read once only") }
  }

  package func run() async throws {
    let auditOptions = try options.auditOptions()
    let exceptions = try options.readExceptions()
    func side(_ path: String) throws -> (result: AuditResult, exposure: Double) {
      let read = try Intake().read(try InputLoader.load([path]), strict: strict)
      var result = SideBySideAudit.run(read.fleet, auditOptions, input: read.findings)
      result.apply(exceptions, today: AuditCommand.today, options: auditOptions)
      let context = AuditContext(read.fleet, nodeFacts: auditOptions.nodeFacts)
      return (result, try BreachGraphBuilder(context, options: BreachGraphBuilder.Options()).build().exposure().total)
    }
    let (before, after) = (try side(old), try side(new))
    let difference = AuditDifference(
      from: before.result, to: after.result, exposure: (before.exposure, after.exposure))
    switch output {
    case .json: DifferenceDocument(difference).writeJSON { StandardOutput.write($0) }
    case .table:
      let isColored = color.isOn(terminal: isatty(STDOUT_FILENO) == 1)
      StandardOutput.write(DifferenceTable(difference, colored: isColored).text)
    }
    if !difference.isEmpty { throw ArgumentParser.ExitCode(Diagnostics.ExitCode.differences.rawValue) }
  }
}

/// The difference for people.
struct DifferenceTable {
  private let difference: AuditDifference
  private let colored: Bool

  init(_ difference: AuditDifference, colored: Bool = false) {
    self.difference = difference
    self.colored = colored
  }

  var text: String {
    var text = ""
    if !difference.new.isEmpty { text += section("NEW", difference.new, .red) + "\n" }
    if !difference.fixed.isEmpty { text += section("FIXED", difference.fixed, .green) + "\n" }
    text += "\(difference.new.count) new, \(difference.fixed.count) fixed, \(difference.unchanged) unchanged\n"
    if let exposure = difference.exposure {
      let change = exposure.after - exposure.before
      let sign = change > 0 ? "+" : ""
      text += "exposure \(DifferenceDocument.rounded(exposure.before)) -> "
      text += "\(DifferenceDocument.rounded(exposure.after)) (\(sign)\(DifferenceDocument.rounded(change)))\n"
    }
    return text
  }

  private func section(_ title: String, _ findings: [AuditFinding], _ color: TextColor) -> String {
    let rows = findings.map { finding -> [TextTable.Cell] in
      [
        .init(finding.severity.rawValue, color), .init(finding.code),
        .init(InertText.command(InertText.line(finding.resource.description))),
        .init(InertText.line(finding.message)),
      ]
    }
    let table = TextTable(columns: ["SEVERITY", "CODE", "RESOURCE", "WHAT"], rows: rows, colored: colored)
    return (colored ? TextColor.bold.paint(title) : title) + "\n" + table.rendered()
  }
}
