import Diagnostics

/// A statement of an OpenVEX document: whether a product is affected by a vulnerability.
package struct VEXStatement: Sendable, Equatable {
  package enum Status: String, Sendable {
    case notAffected = "not_affected"
    case affected, fixed
    case underInvestigation = "under_investigation"
  }

  /// The name and the aliases of the vulnerability, upper case.
  package var vulnerabilities: [String]
  package var products: [VEXProduct]
  package var status: Status
  /// The machine-readable reason, or the impact statement.
  package var justification: String
  package var moment: Moment
  /// The document, and which statement of it, from 1.
  package var document: String
  package var number: Int
}

/// A product or a component of one.
package struct VEXProduct: Sendable, Equatable {
  /// `@id` and `identifiers.purl`.
  package var identifiers: [String] = []
  /// SHA-256 of it, hexadecimal, lower case.
  package var hashes: [String] = []
  package var components: [VEXProduct] = []
}

/// An OpenVEX 0.2.0 document. Statements that are not valid are left out, with the reason.
struct VEXDocument {
  var statements: [VEXStatement] = []
  /// What is wrong with statements that are left out, or dated by their document.
  var problems: [String] = []
  private var count = 0

  private struct Draft {
    var names: [String] = []
    var products: [VEXProduct] = []
    var status = ""
    var justification = ""
    var impact = ""
    var timestamp: String?
  }

  private static let justifications: Set<String> = [
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
  ]

  init(_ reader: inout JSONReader, _ source: ReportSource) throws(JSONReader.Problem) {
    var drafts: [Draft] = []
    var timestamp: String?
    _ = try reader.enterObject("the document")
    while let key = try reader.nextKey() {
      switch key {
      case "timestamp": timestamp = try reader.optionalText(key)
      case "statements":
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() {
          drafts.append(try Self.draft(&reader))
          guard drafts.count <= ReportLimits.statements else {
            throw reader.problem("more than \(ReportLimits.statements) statements in one document")
          }
        }
      default: try reader.skip()
      }
    }
    try reader.finish()
    let issued = timestamp.flatMap { Moment($0) }
    if issued == nil { problems.append("the document's timestamp is missing or unreadable: it counts as the oldest") }
    for draft in drafts { add(draft, issued ?? .distantPast, source) }
  }

  private mutating func add(_ draft: Draft, _ issued: Moment, _ source: ReportSource) {
    count += 1
    func left(_ reason: String) { problems.append("statement \(count) \(reason)") }
    let names = draft.names.map { $0.uppercased() }.filter { !$0.isEmpty }
    guard !names.isEmpty else { return left("names no vulnerability") }
    guard let status = VEXStatement.Status(rawValue: draft.status) else {
      return left("has the unknown status '\(draft.status.prefix(40))'")
    }
    guard !draft.products.isEmpty else { return left("names no product") }
    let known = Self.justifications.contains(draft.justification)
    if status == .notAffected && !known && draft.impact.isEmpty {
      return left("says not_affected without a justification that OpenVEX knows and without an impact statement")
    }
    var moment = issued
    if let written = draft.timestamp {
      if let own = Moment(written) { moment = own } else { left("has an unreadable timestamp: its document's counts") }
    }
    statements.append(
      VEXStatement(
        vulnerabilities: names, products: draft.products, status: status,
        justification: known ? draft.justification : draft.impact, moment: moment, document: source.name,
        number: count))
  }

  private static func draft(_ reader: inout JSONReader) throws(JSONReader.Problem) -> Draft {
    var draft = Draft()
    guard try reader.enterObject("a statement") else { return draft }
    while let key = try reader.nextKey() {
      switch key {
      case "vulnerability": draft.names = try vulnerability(&reader)
      case "products":
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() {
          let product = try product(&reader, depth: 0)
          if draft.products.count < ReportLimits.statements { draft.products.append(product) }
        }
      case "status": draft.status = try reader.text(key)
      case "justification": draft.justification = try reader.text(key)
      case "impact_statement": draft.impact = String(try reader.text(key).prefix(200))
      case "timestamp": draft.timestamp = try reader.optionalText(key)
      default: try reader.skip()
      }
    }
    return draft
  }

  private static func vulnerability(_ reader: inout JSONReader) throws(JSONReader.Problem) -> [String] {
    var names: [String] = []
    // Before 0.2.0 it was a plain text; some tools still write it so.
    if try reader.peek() == .string { return [try reader.text()] }
    guard try reader.enterObject("vulnerability") else { return [] }
    while let key = try reader.nextKey() {
      switch key {
      case "name": names.insert(try reader.text(key), at: 0)
      case "aliases": names += try reader.texts(key, limit: ReportLimits.names)
      case "@id":
        // An address such as https://nvd.nist.gov/vuln/detail/CVE-2019-17571.
        let id = try reader.text(key)
        names.append(id.split(separator: "/").last.map(String.init) ?? id)
      default: try reader.skip()
      }
    }
    return names
  }

  private static func product(
    _ reader: inout JSONReader, depth: Int
  ) throws(JSONReader.Problem) -> VEXProduct {
    var product = VEXProduct()
    if try reader.peek() == .string { return VEXProduct(identifiers: [try reader.text()]) }
    guard try reader.enterObject("a product") else { return product }
    while let key = try reader.nextKey() {
      switch key {
      case "@id": product.identifiers.append(try reader.text(key))
      case "identifiers":
        guard try reader.enterObject(key) else { continue }
        while let inner = try reader.nextKey() {
          if inner == "purl" { product.identifiers.append(try reader.text(inner)) } else { try reader.skip() }
        }
      case "hashes":
        guard try reader.enterObject(key) else { continue }
        while let inner = try reader.nextKey() {
          let hash = try reader.text(inner)
          if inner == "sha-256" { product.hashes.append(hash.lowercased()) }
        }
      case "subcomponents" where depth == 0:
        guard try reader.enterArray(key) else { continue }
        while try reader.nextElement() {
          let component = try Self.product(&reader, depth: 1)
          if product.components.count < ReportLimits.statements { product.components.append(component) }
        }
      default: try reader.skip()
      }
    }
    return product
  }
}
