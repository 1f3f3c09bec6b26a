package import ArgumentParser
import Audit
import Breach
import Diagnostics
import FleetModel
import Glibc
import Intake
import IntentModel
import MeshTraps
import PodSecurity

/// `bulkhead explain`: what a code means.
package struct ExplainCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain a vector, a trap or a control: what, why, the cure, and an example that has it.",
    discussion: """
      Without a code it lists all. The example is a manifest; it is audited at once, and what the rule says of it is
      shown: nothing here is only claimed.

      EXAMPLES
        bulkhead explain
        bulkhead explain L17
        bulkhead explain hostNamespaces
        bulkhead explain T6 --example | bulkhead audit -f - --mesh istioSidecar --only T6

      EXIT CODES
        0 explained · 64 there is no such code
      """)

  @Argument(help: "A code such as L17, K06, M08, T6, or a control such as hostNamespaces.")
  var code: String?
  @Flag(name: .long, help: "Print the example alone.")
  var example = false
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  package init() {}

  package func run() async throws {
    let isColored = color.isOn(terminal: isatty(STDOUT_FILENO) == 1)
    guard let code else { return StandardOutput.write(Explanation.list(colored: isColored)) }
    guard let rule = RuleBook.rule(code) else {
      let near = Explanation.near(code).map { "did you mean \($0)? " } ?? ""
      throw BulkheadError(
        .usage, "there is no code '\(code.safeForTerminal)'", cure: near + "`bulkhead explain` lists all")
    }
    let explanation = Explanation(rule, colored: isColored)
    if example {
      guard let manifest = explanation.manifest else {
        throw BulkheadError(.usage, "\(rule.code) has no manifest as an example", cure: "see docs/audit.md")
      }
      return StandardOutput.write(manifest + "\n")
    }
    StandardOutput.write(explanation.text)
  }
}

/// A rule in words.
struct Explanation {
  private let rule: AuditRule
  private let paint: Paint
  private let vector: Vector?
  private let trap: Trap?

  init(_ rule: AuditRule, colored: Bool = false) {
    self.rule = rule
    paint = Paint(colored)
    vector = VectorCatalogue.vector(rule.code)
    trap = TrapCatalogue.trap(rule.code)
  }

  static func list(colored: Bool) -> String {
    let rows = RuleBook.all.map { rule -> [TextTable.Cell] in
      let color: TextColor? =
        switch rule.severity {
        case .critical, .high: .red
        case .medium: .yellow
        case .low, .info: nil
        }
      return [.init(rule.code), .init(rule.severity.rawValue, color), .init(rule.kind.title), .init(rule.title)]
    }
    return TextTable(columns: ["CODE", "SEVERITY", "KIND", "TITLE"], rows: rows, colored: colored).rendered()
  }

  /// The code that was probably meant: the same letters, or the number without its zero.
  static func near(_ code: String) -> String? {
    let wanted = code.lowercased()
    let digits = wanted.filter(\.isNumber)
    let letter = wanted.prefix(1)
    return RuleBook.all.map(\.code).first { candidate in
      let other = candidate.lowercased()
      if other.hasPrefix(wanted) && wanted.count > 2 { return true }
      return !digits.isEmpty && other.hasPrefix(letter) && Int(other.filter(\.isNumber)) == Int(digits)
        && other.count <= 4
    }
  }

  /// The manifest that has it.
  var manifest: String? {
    rule.example.isEmpty ? ControlExamples.manifest(rule.code) : String(rule.example.trimmingNewlines)
  }

  var text: String {
    var parts = [paint.bold("\(rule.code)  \(rule.title)"), "\(rule.severity.rawValue) \(rule.kind.title); \(scope)"]
    parts.append(section("WHY", Self.wrapped(rule.explanation)))
    parts.append(section("CURE", Self.wrapped(rule.mitigation)))
    if let vector {
      if !vector.signature.isEmpty { parts.append(section("WHAT A SENSOR SEES", vector.signature.map(Self.words))) }
      parts.append(section("TRIED FOR REAL", [probe(vector)]))
    }
    if !rule.attack.isEmpty {
      parts.append(
        section(
          "MITRE ATT&CK",
          rule.attack.map { id in
            "\(id)  https://attack.mitre.org/techniques/\(id.split(separator: ".").joined(separator: "/"))/"
          }))
    }
    if !rule.references.isEmpty { parts.append(section("REFERENCES", rule.references)) }
    if let manifest {
      let lines = manifest.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      parts.append(section("EXAMPLE", lines))
      parts.append(section("WHAT THE AUDIT SAYS OF IT", verdict(manifest)))
    }
    return parts.joined(separator: "\n") + "\n"
  }

  private func section(_ title: String, _ lines: [String]) -> String {
    ([""] + [paint.bold(title)] + lines.map { $0.isEmpty ? "" : "  " + $0 }).joined(separator: "\n")
  }

  /// Where its precondition is looked for.
  private var scope: String {
    if let vector {
      switch vector.rule {
      case .pod: return "looked for in each workload's pod, defaults and namespace applied, joined with node facts"
      case .subject: return "looked for in the rights of each service account, user and group that a binding names"
      case .fleet: return "looked for in the fleet as a whole: mesh objects, webhooks, services, volumes"
      }
    }
    if let trap {
      let meshes = Mesh.allCases.filter(trap.meshes.contains).map(\.title).joined(separator: ", ")
      return "looked for in each workload that is to join a mesh; holds for \(meshes)"
    }
    if let control = PodSecurityControl.control(rule.code) {
      let versions = control.revisedIn.map { "v1.\($0)" }.joined(separator: ", ")
      return "asked for at \(control.level.rawValue); rules since \(versions)"
    }
    return "about the input itself"
  }

  private func probe(_ vector: Vector) -> String {
    guard let escape = vector.escape else { return "no probe: it is judged by its configuration alone" }
    return "a probe tries it on the twin and must stay inside once the step '\(escape.closedBy.rawValue)' is done"
  }

  private static func words(_ signature: Vector.Signature) -> String {
    switch signature {
    case .call(let name, let arguments): "system call \(name)" + (arguments.isEmpty ? "" : " (\(arguments))")
    case .open(let path, let write): "opening \(path)" + (write ? " for writing" : "")
    case .connect(let address): "connecting to \(address)"
    case .execute(let program): "running \(program)"
    case .audit(let record): "audit record: \(record)"
    case .state(let text): text
    }
  }

  /// Runs the rule over the example.
  private func verdict(_ manifest: String) -> [String] {
    let source = InputSource(name: "example.yaml", bytes: Array(manifest.utf8))
    guard let read = try? Intake().read([source]) else { return ["the example could not be read"] }
    var options = AuditOptions()
    if rule.kind == .control {
      let failing = AuditRun.run(read.fleet, options).podSecurity.flatMap { row in
        row.verdict.violations.filter { $0.control == rule.code }.map { violation in
          ["\(row.resource): \(violation.message)", "fix:"]
            + violation.fix(forKind: row.resource.kind).split(separator: "\n").map { "  " + $0 }
        }
      }
      return failing.first ?? ["the example passes it"]
    }
    options.only = [rule.code]
    options.meshes = trap.map { trap in Mesh.allCases.filter(trap.meshes.contains) } ?? []
    let result = AuditRun.run(read.fleet, options, input: read.findings)
    if let told = told(result) { return told }
    // Some depend on the node as well: then the example says what it would be on nodes that have it.
    for facts in Self.olderNodes {
      guard let nodes = try? NodeFactsText.parse(facts) else { continue }
      options.nodeFacts = nodes
      if let told = told(AuditRun.run(read.fleet, options)) { return told + ["on nodes with \(facts)"] }
    }
    return [result.unknown.first.map { "unknown, because \($0.because)" } ?? "nothing"]
  }

  /// Kernels and runtimes of different ages: flaws came and went.
  private static let olderNodes = [
    ("5.10.0", "1.0.0"), ("5.15.0", "1.1.5"), ("4.4.0", "1.0.0-rc6"), ("6.1.0", "1.0.0-rc93"), ("6.4.0", "1.2.5"),
  ].map { kernel, runc in
    "kernel=\(kernel),kubelet=1.20.0,runtime=containerd:1.4.0,runc=\(runc),cgroup=1,lsm=none,userns=true,bpf=true,"
      + "userfaultfd=true,routeLocalnet=true,metadata=true"
  }

  private func told(_ result: AuditResult) -> [String]? {
    let found = result.findings.filter { $0.code == rule.code }
    guard let first = found.first else { return nil }
    let more = found.count > 1 ? ["(and \(found.count - 1) more)"] : []
    return Self.wrapped("\(first.resource): \(first.message)") + ["fix:"]
      + first.fix.split(separator: "\n").map { "  " + $0 } + more
  }

  private static func wrapped(_ text: String, width: Int = 100) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [line]
  }
}

extension AuditRule.Kind {
  /// In the words of docs/audit.md.
  var title: String {
    switch self {
    case .vector: "vector"
    case .trap: "mesh trap"
    case .control: "Pod Security control"
    case .input: "rule about the input"
    }
  }
}

extension String {
  fileprivate var trimmingNewlines: Substring {
    var text = self[...]
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
