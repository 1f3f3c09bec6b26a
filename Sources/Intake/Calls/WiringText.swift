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
  var words: [String] {
    var words: [String] = []
    var word: [UInt8] = []
    var wasLower = false
    func close() {
      if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
    }
    for byte in name.utf8 {
      if byte.isASCIIUpper && wasLower { close() }
      wasLower = byte.isASCIILower
      if byte.isASCIIAlphanumeric || byte >= 0x80 { word.append(wasLower ? byte - 0x20 : byte) } else { close() }
    }
    close()
    return words
  }

  /// The last of the words, without making the others.
  var lastWord: String {
    let trimmed = name.utf8.reversed().drop { !$0.isASCIIAlphanumeric && $0 < 0x80 }
    var reversed: [UInt8] = []
    for byte in trimmed {
      guard byte.isASCIIAlphanumeric || byte >= 0x80 else { break }
      if byte.isASCIILower, let next = reversed.last, next.isASCIIUpper { break }
      reversed.append(byte)
      // No word that is looked for is so long.
      if reversed.count > 16 { return "" }
    }
    return String(decoding: reversed.reversed(), as: UTF8.self).uppercased()
  }
}

/// Gathers the texts of a workload: environments, commands and arguments, and the config maps that it uses.
struct WiringCollector {
  let configMaps: [ObjectReference: ConfigMap]

  /// - Parameter lines: see `ParsedWorkload.argumentLines`.
  func texts(of workload: Workload, _ lines: [[Int]]) -> [WiringText] {
    var result: [WiringText] = []
    let pod = workload.pod
    for position in 0..<pod.initContainers.count + pod.containers.count {
      let own = position < lines.count ? lines[position] : []
      if position < pod.initContainers.count {
        addTexts(of: pod.initContainers[position], workload.id.namespace, own, &result)
      } else {
        addTexts(of: pod.containers[position - pod.initContainers.count], workload.id.namespace, own, &result)
      }
    }
    addMounted(workload, &result)
    return result
  }

  private func addTexts(
    of container: Container, _ namespace: String, _ lines: [Int], _ result: inout [WiringText]
  ) {
    let expands = Self.expands(container)
    let first = result.count
    addEnvironment(of: container, namespace: namespace, expands: expands, &result)
    guard !container.command.isEmpty || !container.args.isEmpty else { return }
    let environment = expands ? Dictionary(result[first...].map { ($0.name, $0.value) }) { _, last in last } : [:]
    addArguments(of: container, environment, lines, &result)
  }

  /// True when a `$` stands anywhere, without which there is nothing to expand.
  private static func expands(_ container: Container) -> Bool {
    func holds(_ text: String) -> Bool { text.utf8.contains(0x24) }
    if container.command.contains(where: holds) || container.args.contains(where: holds) { return true }
    return container.environment.contains { variable in
      if case .literal(let value) = variable.source { return holds(value) }
      return false
    }
  }

  /// The readable variables in order, with `$(NAME)` expanded as the kubelet does: only from variables before it.
  private func addEnvironment(
    of container: Container, namespace: String, expands: Bool, _ result: inout [WiringText]
  ) {
    var values: [String: String] = [:]
    for variable in container.environment {
      var text: WiringText?
      switch variable.source {
      case .literal(let value):
        text = WiringText(
          kind: .environment, name: variable.name,
          value: expands ? Self.expand(value, values, shell: false) : value, location: variable.location)
      case .configMap(let name, let key):
        let id = ObjectReference(kind: "ConfigMap", namespace: namespace, name: name)
        if let entry = configMaps[id]?.data[key] {
          text = WiringText(kind: .environment, name: variable.name, value: entry.value, location: entry.location)
        }
      case .secret, .opaque: break
      }
      guard let text else { continue }
      if expands { values[variable.name] = text.value }
      result.append(text)
    }
  }

  /// Flags carry their name: `--backend=x`, or `--backend` followed by `x`.
  private func addArguments(
    of container: Container, _ environment: [String: String], _ lines: [Int], _ result: inout [WiringText]
  ) {
    var flag = ""
    for (index, raw) in (container.command + container.args).enumerated() {
      let argument = Self.expand(raw, environment, shell: true)
      let location =
        index < lines.count ? SourceLocation(file: container.location.file, line: lines[index]) : container.location
      let isFlag = argument.utf8.first == 0x2D && !argument.utf8.contains(where: \.isASCIIBlank)
      if isFlag, let equals = argument.utf8.firstIndex(of: 0x3D) {
        let name = argument[..<equals].drop { $0 == "-" }
        let value = argument[argument.utf8.index(after: equals)...]
        result.append(
          WiringText(kind: .argument, name: String(name), value: String(value), location: location))
        flag = ""
      } else if isFlag {
        flag = String(argument.drop { $0 == "-" })
      } else {
        let isLine = argument.utf8.contains(0x0A)
        Self.addLines(
          WiringText(kind: isLine ? .file : .argument, name: flag, value: argument, location: location), &result)
        flag = ""
      }
    }
  }

  private func addMounted(_ workload: Workload, _ result: inout [WiringText]) {
    var names: Set<String> = []
    for volume in workload.pod.volumes {
      let maps: [String] =
        switch volume.source {
        case .configMap(let name): [name]
        case .projected(let projection): projection.configMaps
        default: []
        }
      if !maps.isEmpty, Self.mounts(workload.pod, volume.name) { names.formUnion(maps) }
    }
    guard !names.isEmpty else { return }
    for name in names.sorted() {
      let id = ObjectReference(kind: "ConfigMap", namespace: workload.id.namespace, name: name)
      for (key, entry) in (configMaps[id]?.data ?? [:]).sorted(by: { $0.key < $1.key }) {
        Self.addLines(WiringText(kind: .file, name: key, value: entry.value, location: entry.location), &result)
      }
    }
  }

  private static func mounts(_ pod: PodSpec, _ volume: String) -> Bool {
    func uses(_ container: Container) -> Bool { container.mounts.contains { $0.volume == volume } }
    return pod.containers.contains(where: uses) || pod.initContainers.contains(where: uses)
  }

  /// Cuts a text of several lines into its lines, each with the name it gives itself (`name: value`, `name = value`).
  private static func addLines(_ text: WiringText, _ result: inout [WiringText]) {
    guard text.value.utf8.contains(0x0A) else {
      result.append(text)
      return
    }
    for (index, line) in text.value.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let content = line.withoutBlanks
      guard !content.isEmpty, !isComment(content) else { continue }
      var name: Substring.UTF8View = content[content.startIndex..<content.startIndex]
      var value = content
      if let mark = content.firstIndex(where: { $0 == 0x3D || $0 == 0x3A }),
        content[mark] == 0x3D || isBlank(content, after: mark)
      {
        let written = content[..<mark].withoutBlanks
        if !written.contains(where: \.isASCIIBlank) {
          name = written
          value = content[content.index(after: mark)...]
        }
      }
      let location = SourceLocation(file: text.location.file, line: text.location.line + index)
      result.append(
        WiringText(
          kind: text.kind, name: String(Substring(name)), value: String(Substring(value)), location: location))
    }
  }

  private static func isComment(_ line: Substring.UTF8View) -> Bool {
    line.first == 0x23 || line.first == 0x3B || line.starts(with: "//".utf8) || line.starts(with: "<!--".utf8)
  }

  private static func isBlank(_ text: Substring.UTF8View, after mark: Substring.UTF8View.Index) -> Bool {
    let next = text.index(after: mark)
    return next < text.endIndex && text[next].isASCIIBlank
  }

  /// Expands `$(NAME)`, and for a shell's command line `${NAME}` and `$NAME`; unknown names stay as they are.
  static func expand(_ text: String, _ values: [String: String], shell: Bool) -> String {
    guard text.utf8.contains(0x24) else { return text }
    var result = ""
    var rest = text.utf8[...]
    while let dollar = rest.firstIndex(of: 0x24) {
      result += Substring(rest[..<dollar])
      rest = rest[text.utf8.index(after: dollar)...]
      if rest.first == 0x24 {
        result += "$"
        rest.removeFirst()
        continue
      }
      if let (name, length) = variable(at: rest, shell: shell), let value = values[String(name)],
        result.utf8.count + value.utf8.count < 1 << 20
      {
        result += value
        rest = rest.dropFirst(length)
      } else {
        result += "$"
      }
    }
    return result + Substring(rest)
  }

  /// The name behind a `$`, and how many bytes it takes with its brackets.
  private static func variable(at text: Substring.UTF8View, shell: Bool) -> (name: Substring, length: Int)? {
    func isNamePart(_ byte: UInt8) -> Bool { byte.isASCIIAlphanumeric || byte == 0x5F }
    func bracketed(until close: UInt8) -> (name: Substring, length: Int)? {
      let name = text.dropFirst().prefix { isNamePart($0) || $0 >= 0x80 || $0 == 0x2E || $0 == 0x2D }
      guard name.endIndex < text.endIndex, text[name.endIndex] == close else { return nil }
      return (Substring(name), name.count + 2)
    }
    if text.first == UInt8(ascii: "(") { return bracketed(until: UInt8(ascii: ")")) }
    guard shell else { return nil }
    if text.first == UInt8(ascii: "{") { return bracketed(until: UInt8(ascii: "}")) }
    let name = text.prefix(while: isNamePart)
    return name.isEmpty ? nil : (Substring(name), name.count)
  }
}
