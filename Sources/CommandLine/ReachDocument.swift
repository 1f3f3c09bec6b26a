import Diagnostics
import FleetModel
import Reachability

/// Reachability for programs, `bulkhead.reach/1`: written piece by piece, so that millions of connections need no more
/// memory than one source's.
enum ReachDocument {
  static func write(_ rows: ReachRows, to sink: ([UInt8]) -> Void) throws {
    var buffer: [UInt8] = []
    buffer.reserveCapacity(1 << 17)
    buffer.append(contentsOf: "{\n  \"schema\": \"bulkhead.reach/1\",\n  \"connections\": [".utf8)
    var isFirst = true
    // Few different port sets are behind most connections.
    var known: [PortSet: [UInt8]] = [:]
    rows.forEachSource { from, rows in
      let head = Array("\n    {\"from\": \(JSONLiteral.string(from)), \"to\": ".utf8)
      for row in rows {
        if !isFirst { buffer.append(0x2C) }
        isFirst = false
        buffer.append(contentsOf: head)
        buffer.append(contentsOf: JSONLiteral.string(row.to).utf8)
        if known.count > 10_000 { known = [:] }
        let ports = known[row.ports] ?? Array(", \"protocols\": \(protocols(row.ports))}".utf8)
        known[row.ports] = ports
        buffer.append(contentsOf: ports)
        if buffer.count > 1 << 16 {
          sink(buffer)
          buffer.removeAll(keepingCapacity: true)
        }
      }
    }
    buffer.append(contentsOf: (isFirst ? "]\n}\n" : "\n  ]\n}\n").utf8)
    sink(buffer)
  }

  static func protocols(_ ports: PortSet) -> String {
    if ports.isAll { return "\"all\"" }
    let entries = ports.ranges.map { entry in
      let ranges = entry.ranges.map { "[\($0.lowerBound), \($0.upperBound)]" }.joined(separator: ", ")
      return "{\"protocol\": \"\(entry.transport.rawValue)\", \"ports\": [\(ranges)]}"
    }
    return "[\(entries.joined(separator: ", "))]"
  }

  /// What changes, `bulkhead.reach-change/1`.
  static func text(_ change: ReachChange) -> String {
    func list(_ rows: [ReachChange.Row]) -> String {
      let lines = rows.map { row in
        "\n    {\"from\": \(JSONLiteral.string(row.from)), \"to\": \(JSONLiteral.string(row.to)), "
          + "\"protocols\": \(protocols(row.ports))}"
      }
      return lines.isEmpty ? "[]" : "[\(lines.joined(separator: ","))\n  ]"
    }
    return "{\n  \"schema\": \"bulkhead.reach-change/1\",\n  \"gained\": \(list(change.gained)),\n"
      + "  \"lost\": \(list(change.lost))\n}\n"
  }

  /// Explanations, `bulkhead.reach-explanation/1`.
  static func text(_ answers: [ReachExplanation]) -> String {
    let calls = answers.map { answer in
      let layers = answer.layers.map { layer in
        let reasons = layer.reasons.map { reason in
          var fields = ["\"text\": \(JSONLiteral.string(reason.text))"]
          if let object = reason.object { fields.append("\"object\": \(JSONLiteral.string(object.description))") }
          if let place = reason.location {
            fields.append("\"location\": {\"file\": \(JSONLiteral.string(place.file)), \"line\": \(place.line)}")
          }
          return "          {\(fields.joined(separator: ", "))}"
        }
        var text = "      {\n        \"layer\": \(JSONLiteral.string(layer.title)),\n"
        text += "        \"verdict\": \"\(layer.verdict.rawValue)\",\n"
        text += "        \"reasons\": [\n\(reasons.joined(separator: ",\n"))\n        ]"
        if let cure = layer.cure { text += ",\n        \"cure\": \(JSONLiteral.string(cure))" }
        return text + "\n      }"
      }
      return "    {\"from\": \(JSONLiteral.string(answer.from)), \"to\": \(JSONLiteral.string(answer.to)), "
        + "\"port\": \(answer.port), \"protocol\": \"\(answer.transport.rawValue)\", "
        + "\"verdict\": \"\(answer.verdict.rawValue)\", \"layers\": [\n\(layers.joined(separator: ",\n"))\n    ]}"
    }
    return
      "{\n  \"schema\": \"bulkhead.reach-explanation/1\",\n  \"calls\": [\n\(calls.joined(separator: ",\n"))\n  ]\n}\n"
  }
}

/// A string as JSON writes it.
enum JSONLiteral {
  static func string(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F }) else {
      return "\"\(text)\""
    }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x09: result += "\\t"
      case 0..<0x20, 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// Reachability as a drawing for Graphviz: peers in frames of their namespaces, addresses outside.
enum ReachDrawing {
  static func write(_ rows: ReachRows, to sink: ([UInt8]) -> Void) throws {
    var text = "digraph reach {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n"
    var namespaces: [String: [String]] = [:]
    for peer in rows.peerNames {
      namespaces[String(peer.prefix { $0 != "/" }), default: []].append(peer)
    }
    for (number, entry) in namespaces.sorted(by: { $0.key < $1.key }).enumerated() {
      text += "  subgraph cluster_\(number) {\n    label=\(quoted(entry.key));\n"
      for peer in entry.value {
        text += "    \(quoted(peer)) [label=\(quoted(String(peer.drop { $0 != "/" }.dropFirst())))];\n"
      }
      text += "  }\n"
    }
    sink(Array(text.utf8))
    rows.forEachSource { from, rows in
      var lines = ""
      for row in rows {
        let label = row.ports.isAll ? "" : " [label=\(quoted(row.ports.description))]"
        lines += "  \(quoted(from)) -> \(quoted(row.to))\(label);\n"
      }
      sink(Array(lines.utf8))
    }
    sink(Array("}\n".utf8))
  }

  private static func quoted(_ text: String) -> String {
    let safe = text.safeForTerminal.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "\"\(safe)\""
  }
}
