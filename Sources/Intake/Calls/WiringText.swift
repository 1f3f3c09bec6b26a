import Diagnostics
import FleetModel

/// A piece of configuration in which an address may stand, with the name it is known by.
struct WiringText {
  enum Kind { case environment, argument, file }
  var kind: Kind
  /// The variable, flag or key; empty when there is none.
  var name: String
  var value: String
  var location: SourceLocation

  /// The name's words in upper case: `CART_SERVICE_ADDR`, `--cart-service-addr` and `cart.serviceAddr` are alike.
  var words: [Substring] {
    var spaced = ""
    var wasLower = false
    for character in name {
      if character.isUppercase && wasLower { spaced += "_" }
      wasLower = character.isLowercase
      spaced += character.uppercased()
    }
    return spaced.split { !$0.isLetter && !$0.isNumber }
  }
}

/// Gathers the texts of a workload: environments, commands and arguments, and the config maps that it uses.
struct WiringCollector {
  let configMaps: [ObjectReference: ConfigMap]
  let argumentLocations: [SourceLocation: [SourceLocation]]

  func texts(of workload: Workload) -> [WiringText] {
    let containers = workload.pod.initContainers + workload.pod.containers
    return containers.flatMap { container in
      let environment = resolved(container, namespace: workload.id.namespace)
      return environment + arguments(of: container, environment)
    } + mounted(workload, containers)
  }

  /// The readable variables in order, with `$(NAME)` expanded as the kubelet does: only from variables before it.
  private func resolved(_ container: Container, namespace: String) -> [WiringText] {
    var values: [String: String] = [:]
    var result: [WiringText] = []
    for variable in container.environment {
      var text: WiringText?
      switch variable.source {
      case .literal(let value):
        text = WiringText(
          kind: .environment, name: variable.name, value: Self.expand(value, values, shell: false),
          location: variable.location)
      case .configMap(let name, let key):
        let id = ObjectReference(kind: "ConfigMap", namespace: namespace, name: name)
        if let entry = configMaps[id]?.data[key] {
          text = WiringText(kind: .environment, name: variable.name, value: entry.value, location: entry.location)
        }
      case .opaque: break
      }
      guard let text else { continue }
      values[variable.name] = text.value
      result.append(text)
    }
    return result
  }

  /// Flags carry their name: `--backend=x`, or `--backend` followed by `x`.
  private func arguments(of container: Container, _ environment: [WiringText]) -> [WiringText] {
    let values = Dictionary(environment.map { ($0.name, $0.value) }) { _, last in last }
    let locations = argumentLocations[container.location] ?? []
    var result: [WiringText] = []
    var flag = ""
    for (index, raw) in (container.command + container.args).enumerated() {
      let argument = Self.expand(raw, values, shell: true)
      let location = index < locations.count ? locations[index] : container.location
      let isFlag = argument.hasPrefix("-") && !argument.contains(where: \.isWhitespace)
      if isFlag, let equals = argument.firstIndex(of: "=") {
        let name = argument[..<equals].drop { $0 == "-" }
        let value = argument[argument.index(after: equals)...]
        result.append(
          WiringText(kind: .argument, name: String(name), value: String(value), location: location))
        flag = ""
      } else if isFlag {
        flag = String(argument.drop { $0 == "-" })
      } else {
        let isLine = argument.contains { $0.isNewline }
        result += Self.lines(
          WiringText(kind: isLine ? .file : .argument, name: flag, value: argument, location: location))
        flag = ""
      }
    }
    return result
  }

  private func mounted(_ workload: Workload, _ containers: [Container]) -> [WiringText] {
    let used = Set(containers.flatMap(\.mounts).map(\.volume))
    var names: Set<String> = []
    for volume in workload.pod.volumes where used.contains(volume.name) {
      if case .configMap(let name) = volume.source { names.insert(name) }
    }
    return names.sorted().flatMap { name -> [WiringText] in
      let id = ObjectReference(kind: "ConfigMap", namespace: workload.id.namespace, name: name)
      return (configMaps[id]?.data ?? [:]).sorted { $0.key < $1.key }.flatMap { key, entry in
        Self.lines(WiringText(kind: .file, name: key, value: entry.value, location: entry.location))
      }
    }
  }

  /// Cuts a text of several lines into its lines, each with the name it gives itself (`name: value`, `name = value`).
  private static func lines(_ text: WiringText) -> [WiringText] {
    let lines = text.value.split(omittingEmptySubsequences: false) { $0.isNewline }
    guard lines.count > 1 else { return [text] }
    return lines.enumerated().compactMap { index, line in
      let content = line.drop(while: \.isWhitespace)
      if content.isEmpty || ["#", "//", ";", "<!--"].contains(where: content.hasPrefix) { return nil }
      var name: Substring = ""
      var value = content
      if let mark = content.firstIndex(where: { $0 == "=" || $0 == ":" }),
        content[mark] == "=" || isBlank(content, mark)
      {
        name = Substring(String(content[..<mark]).trimmed)
        value = content[content.index(after: mark)...]
      }
      let isName = !name.contains(where: \.isWhitespace)
      let location = SourceLocation(file: text.location.file, line: text.location.line + index)
      return WiringText(
        kind: text.kind, name: isName ? String(name) : "", value: String(isName ? value : content), location: location)
    }
  }

  private static func isBlank(_ text: Substring, _ mark: Substring.Index) -> Bool {
    let next = text.index(after: mark)
    return next < text.endIndex && text[next].isWhitespace
  }

  /// Expands `$(NAME)`, and for a shell's command line `${NAME}` and `$NAME`; unknown names stay as they are.
  static func expand(_ text: String, _ values: [String: String], shell: Bool) -> String {
    guard text.contains("$") else { return text }
    var result = ""
    var rest = Substring(text)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.hasPrefix("$") {
        result += "$"
        rest = rest.dropFirst()
        continue
      }
      let (name, length) = variable(at: rest, shell: shell)
      if let name, let value = values[name], result.utf8.count + value.utf8.count < 1 << 20 {
        result += value
        rest = rest.dropFirst(length)
      } else {
        result += "$"
      }
    }
    return result + rest
  }

  private static func variable(at text: Substring, shell: Bool) -> (name: String?, length: Int) {
    for (open, close) in [("(", ")"), ("{", "}")] where text.hasPrefix(open) && (open == "(" || shell) {
      let name = text.dropFirst().prefix { $0.isLetter || $0.isNumber || "_.-".contains($0) }
      return text.dropFirst(1 + name.count).hasPrefix(close) ? (String(name), name.count + 2) : (nil, 0)
    }
    guard shell else { return (nil, 0) }
    let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    return (name.isEmpty ? nil : String(name), name.count)
  }
}
