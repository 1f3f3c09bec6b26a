package import Breach
import Diagnostics

extension BreachPicture {
  /// The picture for Graphviz: `dot -Tsvg`.
  package var dot: String {
    var lines = [
      "digraph breach {", "  rankdir=LR; node [shape=box, style=\"rounded,filled\", fillcolor=white, fontsize=11];",
      "  edge [fontsize=9];",
    ]
    for (index, node) in nodes.enumerated() {
      lines.append("  n\(index) [label=\(Self.quoted(node.label)), fillcolor=\"\(node.kind.color)\"];")
    }
    for edge in edges {
      let label = edge.code.isEmpty ? edge.kind.rawValue : "\(edge.kind.rawValue) \(edge.code)"
      let style = edge.isCut ? ", color=\"#b42318\", penwidth=2" : ""
      lines.append(
        "  n\(edge.from) -> n\(edge.to) [label=\(Self.quoted(label)), tooltip=\(Self.quoted(edge.message))\(style)];")
    }
    return (lines + ["}"]).map { $0 + "\n" }.joined()
  }

  /// A double-quoted string of the DOT language: a backslash would begin an escape of its own.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.safeForTerminal {
      if character == "\"" || character == "\\" { result.append("\\") }
      result.append(character)
    }
    return result + "\""
  }
}

extension BreachNode.Kind {
  /// Fill in drawings: what an attacker wants is red, what he comes from grey.
  var color: String {
    switch self {
    case .outside: "#dfe3e9"
    case .service, .hub: "#eef1f5"
    case .pod, .container: "#dbe6ff"
    case .node, .controlPlane: "#fde3e0"
    case .serviceAccount, .identity, .secret: "#fff1cc"
    case .volume: "#e6f4ea"
    case .jewel: "#f7b5ae"
    }
  }
}
