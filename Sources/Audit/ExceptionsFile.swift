import Diagnostics
import Intake
import Yams

/// Reads a file of exceptions; docs/exceptions.md describes it.
package enum ExceptionsFile {
  private static let longest = 1 << 20
  private static let most = 5000
  private static let keys: Set<String> = ["code", "resource", "container", "owner", "reason", "expires"]

  /// - Throws: `BulkheadError(.badInput)` with the file and line of what is missing or cannot be understood: an
  ///   exception that is passed over would hide nothing, or too much.
  package static func read(_ bytes: [UInt8], name: String) throws -> [AuditException] {
    guard bytes.count <= longest else { throw problem("a file of exceptions has at most 1 MiB", name, nil) }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw problem("it is not UTF-8", name, nil) }
    try preflight(bytes, name)
    let text = String(decoding: bytes, as: UTF8.self)
    let composed: YamlSequence<Yams.Node>
    do {
      composed = try Yams.compose_all(yaml: text)
    } catch {
      throw problem("it is not YAML", name, nil)
    }
    let documents = Array(composed)
    guard composed.error == nil else { throw problem("it is not YAML", name, nil) }
    return try documents.filter { $0.null == nil }.flatMap { try exceptions(of: $0, name) }
  }

  /// Intake's limits hold here too: nesting, aliases, and what is no YAML at all, each with its line.
  private static func preflight(_ bytes: [UInt8], _ name: String) throws {
    let read = try Intake().read([InputSource(name: name, bytes: bytes)])
    let fatal: Set<String> = ["BH-INTAKE-001", "BH-INTAKE-002", "BH-INTAKE-003"]
    guard let bad = read.findings.first(where: { fatal.contains($0.code) }) else { return }
    let line = bad.location?.line ?? 0
    throw BulkheadError(
      .badInput, bad.message.safeForTerminal, cure: "docs/exceptions.md has an example",
      location: SourceLocation(file: name.safeForTerminal, line: line))
  }

  private static func exceptions(of document: Yams.Node, _ name: String) throws -> [AuditException] {
    guard document["kind"]?.string == "Exceptions" else { throw problem("it needs 'kind: Exceptions'", name, document) }
    guard document["apiVersion"]?.string == "bulkhead.dev/v1alpha1" else {
      throw problem("it needs 'apiVersion: bulkhead.dev/v1alpha1'", name, document)
    }
    guard let list = document["spec"]?["exceptions"]?.sequence else {
      throw problem("it needs a list 'spec.exceptions'", name, document)
    }
    guard list.count <= most else {
      throw problem("it has \(list.count) exceptions; at most \(most) are read", name, document)
    }
    return try list.map { try exception($0, name) }
  }

  private static func exception(_ node: Yams.Node, _ name: String) throws -> AuditException {
    guard let mapping = node.mapping else { throw problem("each exception is a mapping", name, node) }
    if let unknown = mapping.keys.first(where: { !keys.contains($0.string ?? "") }) {
      throw problem("'\(unknown.string ?? "?")' is no field of an exception", name, unknown)
    }
    func text(_ field: String) throws -> String {
      guard let value = node[field]?.scalar?.string, value.contains(where: { !$0.isWhitespace }) else {
        throw problem("an exception needs '\(field)'", name, node)
      }
      guard value.utf8.count <= 2000 else { throw problem("'\(field)' has more than 2000 bytes", name, node[field]) }
      return value
    }
    let written = try text("expires")
    guard let expires = CivilDate(written) else {
      throw problem("'expires' is '\(written.prefix(40))'; write a day such as 2027-01-31", name, node["expires"])
    }
    let resource = try text("resource")
    guard resource.contains("/") else {
      throw problem(
        "'resource' is '\(resource.prefix(80))'; write namespace/name[Kind], with * for any text", name,
        node["resource"])
    }
    let container = node["container"] == nil ? nil : try text("container")
    return AuditException(
      code: try text("code"), resource: resource, container: container, owner: try text("owner"),
      reason: try text("reason"), expires: expires,
      location: SourceLocation(file: name, line: node.mark?.line ?? 0))
  }

  private static func problem(_ message: String, _ name: String, _ node: Yams.Node?) -> BulkheadError {
    BulkheadError(
      .badInput, message.safeForTerminal, cure: "docs/exceptions.md has an example",
      location: SourceLocation(file: name.safeForTerminal, line: node?.mark?.line ?? 0))
  }
}
