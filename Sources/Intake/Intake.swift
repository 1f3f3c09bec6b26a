import Diagnostics
import FleetModel

/// Reads manifests into a fleet. Pure: bytes in, values out; nothing is opened, asked or printed.
package struct Intake: Sendable {
  package init() {}

  /// Reads all sources. A bad document is a finding with file and line, and the rest still counts.
  ///
  /// - Parameter strict: makes the first bad document an error.
  /// - Throws: `BulkheadError(.badInput)` when `strict` and something is bad, or when nothing at all could be read.
  package func read(_ sources: [InputSource], strict: Bool = false) throws -> IntakeResult {
    var findings: [Finding] = []
    var objects: [KubernetesObject] = []
    var documents = 0
    var skipped = 0
    let files = SideBySide.map(sources, weight: \.bytes.count) { Self.split($0) }
    for (raw, problems) in files {
      findings += problems
      documents += raw.count
    }
    for part in Self.read(zip(sources, files).flatMap { source, file in file.0.map { (source.name, $0) } }) {
      findings += part.findings
      objects += part.objects
      skipped += part.skipped
    }
    try Self.refuseBad(findings, strict: strict)
    if objects.isEmpty && skipped == 0 { throw Self.nothing(findings, sources) }
    var assembly = FleetAssembly(objects)
    findings += assembly.findings
    let calls = CallInference(fleet: assembly.fleet, argumentLocations: assembly.argumentLocations).infer()
    assembly.fleet.calls = calls.calls
    findings += calls.findings
    let order = findings.sorted { Self.key($0) < Self.key($1) }
    return IntakeResult(fleet: assembly.fleet, findings: order, documents: documents)
  }

  static func key(_ finding: Finding) -> (SourceLocation, String, String, String) {
    (finding.location ?? SourceLocation(file: "", line: 0), finding.code, finding.resource, finding.message)
  }

  private static func split(_ source: InputSource) -> ([RawDocument], [Finding]) {
    func refused(_ code: IntakeCode, _ line: Int, _ message: String, _ fix: String) -> ([RawDocument], [Finding]) {
      ([], [code.finding(.high, message, fix: fix, at: SourceLocation(file: source.name, line: line))])
    }
    if source.bytes.count > IntakeLimits.fileBytes {
      return refused(
        .limit, 0, "the file has \(source.bytes.count) bytes; at most \(IntakeLimits.fileBytes) are read", "split it")
    }
    if let problem = TextCheck.problem(in: source.bytes) {
      return refused(.unreadable, problem.line, problem.message, problem.fix)
    }
    let raw = DocumentSplitter.split(source.bytes)
    if raw.count > IntakeLimits.documents {
      return refused(.limit, 0, "the file has more than \(IntakeLimits.documents) documents", "split it")
    }
    guard raw.isEmpty else { return (raw, []) }
    let location = SourceLocation(file: source.name, line: 0)
    return ([], [IntakeCode.empty.finding(.low, "there is no document in it", fix: "leave it out", at: location)])
  }

  /// What one document says.
  private struct Part: Sendable {
    var objects: [KubernetesObject] = []
    var findings: [Finding] = []
    var skipped = 0
  }

  /// Reads each document by itself, from its bytes alone, on all processors; the parts are in the documents' order.
  private static func read(_ documents: [(file: String, raw: RawDocument)]) -> [Part] {
    SideBySide.map(documents, weight: { $0.raw.bytes.count }, { read($0.raw, file: $0.file) })
  }

  private static func read(_ raw: RawDocument, file: String) -> Part {
    do {
      let root = Field(try ParsedDocument(raw), file: file)
      var reader = ObjectReader()
      // `--- ` with only a comment or `null` after it: kubectl passes over it as well.
      if !root.isNull { reader.read(root) }
      return Part(objects: reader.objects, findings: root.log.findings, skipped: reader.skipped)
    } catch {
      let location = SourceLocation(file: file, line: error.line)
      return Part(findings: [error.code.finding(.high, error.message, fix: error.fix, at: location)])
    }
  }

  private static func refuseBad(_ findings: [Finding], strict: Bool) throws {
    guard strict, let bad = findings.first(where: isBad) else { return }
    let count = findings.count(where: isBad)
    throw error(bad, more: count > 1 ? " (and \(count - 1) more)" : "")
  }

  /// A finding as an error; its text goes to a terminal as it is.
  private static func error(_ bad: Finding, more: String = "") -> BulkheadError {
    let place = bad.location.map { SourceLocation(file: $0.file.safeForTerminal, line: $0.line) }
    return BulkheadError(
      .badInput, bad.message.safeForTerminal + more, cure: bad.fix.safeForTerminal, location: place)
  }

  private static func isBad(_ finding: Finding) -> Bool {
    IntakeCode(rawValue: finding.code)?.isBadInput ?? false
  }

  private static func nothing(_ findings: [Finding], _ sources: [InputSource]) -> BulkheadError {
    if let bad = findings.first(where: isBad) { return error(bad) }
    let names = sources.map(\.name).prefix(3).joined(separator: ", ")
    return BulkheadError(
      .badInput, "there is no Kubernetes object in \(names.isEmpty ? "the input" : names.safeForTerminal)",
      cure: "name YAML or JSON manifests with -f FILE, -f FOLDER or -f -")
  }
}
