package import FleetModel

extension NetworkPolicy {
  /// The object as Kubernetes YAML, made for people to read and for `kubectl apply`; the same text every time.
  package var yaml: String {
    var lines = [
      "apiVersion: networking.k8s.io/v1", "kind: NetworkPolicy", "metadata:", "  name: \(Self.quoted(id.name))",
      "  namespace: \(Self.quoted(id.namespace))", "  labels:", "    app.kubernetes.io/managed-by: bulkhead", "spec:",
    ]
    lines += Self.selector("podSelector", podSelector, indent: 2)
    let types = (governsIngress ? ["Ingress"] : []) + (governsEgress ? ["Egress"] : [])
    lines.append("  policyTypes: [\(types.joined(separator: ", "))]")
    if governsIngress { lines += Self.rules("ingress", "from", ingress) }
    if governsEgress { lines += Self.rules("egress", "to", egress) }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func rules(_ name: String, _ peersName: String, _ rules: [Rule]) -> [String] {
    guard !rules.isEmpty else { return ["  \(name): []"] }
    return ["  \(name):"]
      + rules.flatMap { rule -> [String] in
        var parts: [String] = []
        if !rule.peers.isEmpty { parts += ["\(peersName):"] + rule.peers.flatMap { item(peer($0)) } }
        if !rule.ports.isEmpty { parts += ["ports:"] + rule.ports.flatMap { item(port($0)) } }
        return parts.isEmpty ? ["    - {}"] : item(parts).map { "  " + $0 }
      }
  }

  private static func peer(_ peer: Peer) -> [String] {
    switch peer {
    case .pods(let namespaces, let pods):
      let parts =
        (namespaces.map { selector("namespaceSelector", $0, indent: 0) } ?? [])
        + (pods.map { selector("podSelector", $0, indent: 0) } ?? [])
      return parts.isEmpty ? ["podSelector: {}"] : parts
    case .block(let cidr, let except):
      let exceptions = except.isEmpty ? [] : ["  except: [\(except.map(quoted).joined(separator: ", "))]"]
      return ["ipBlock:", "  cidr: \(quoted(cidr))"] + exceptions
    }
  }

  private static func port(_ port: Port) -> [String] {
    let start = ["protocol: \(port.transport.rawValue)"]
    switch port.number {
    case .all: return start
    case .named(let name): return start + ["port: \(quoted(name))"]
    case .range(let low, let high): return start + ["port: \(low)"] + (high == low ? [] : ["endPort: \(high)"])
    }
  }

  private static func selector(_ name: String, _ selector: LabelSelector, indent: Int) -> [String] {
    let space = String(repeating: " ", count: indent)
    guard !selector.requirements.isEmpty else { return ["\(space)\(name): {}"] }
    let keys = selector.requirements.map(\.key)
    func isLabel(_ requirement: LabelSelector.Requirement) -> Bool {
      requirement.operation == .isIn && requirement.values.count == 1
        && keys.count(where: { $0 == requirement.key }) == 1
    }
    let labels = selector.requirements.filter(isLabel).sorted { $0.key < $1.key }
    let expressions = selector.requirements.filter { !isLabel($0) }
    var lines = ["\(name):"]
    if !labels.isEmpty {
      lines += ["  matchLabels:"] + labels.map { "    \(quoted($0.key)): \(quoted($0.values[0]))" }
    }
    if !expressions.isEmpty { lines.append("  matchExpressions:") }
    for expression in expressions {
      lines += ["    - key: \(quoted(expression.key))", "      operator: \(expression.operation.rawValue)"]
      if !expression.values.isEmpty {
        lines.append("      values: [\(expression.values.map(quoted).joined(separator: ", "))]")
      }
    }
    return lines.map { space + $0 }
  }

  /// A block as an element of a list, indented by two.
  private static func item(_ lines: [String]) -> [String] {
    lines.enumerated().map { ($0.offset == 0 ? "  - " : "    ") + $0.element }
  }

  /// Always in quotes, so that no value (`true`, `1.0`, `null`) is read as anything but text.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\x" + (digits.count == 1 ? "0" : "") + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
