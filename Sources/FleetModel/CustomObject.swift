package import Diagnostics

/// An object whose specification is kept as it is written, with its place.
package struct CustomObject: Sendable, Equatable {
  package var id: ObjectReference
  /// Such as `security.istio.io`; the version does not matter to any reader.
  package var apiGroup: String
  package var apiVersion: String
  package var location: SourceLocation
  package var labels: [String: String] = [:]
  package var annotations: [String: String] = [:]
  package var spec: DocumentValue = .mapping([])

  package init(id: ObjectReference, apiVersion: String, location: SourceLocation) {
    self.id = id
    self.apiVersion = apiVersion
    apiGroup = apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : ""
    self.location = location
  }
}

/// A value of a YAML or JSON document, resolved as Kubernetes resolves it.
package indirect enum DocumentValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  /// A number that is no integer; the text is kept.
  case number(String)
  case string(String)
  case list([DocumentValue])
  /// Keys in the order written, each once.
  case mapping([Entry])

  package struct Entry: Sendable, Equatable {
    package var key: String
    package var value: DocumentValue

    package init(_ key: String, _ value: DocumentValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value of a key; nil when this is no mapping, or the key is absent or null.
  package subscript(key: String) -> DocumentValue? {
    guard case .mapping(let entries) = self, let value = entries.first(where: { $0.key == key })?.value,
      value != .null
    else { return nil }
    return value
  }

  package var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }
  package var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }
  package var integer: Int? {
    if case .integer(let value) = self { return value }
    return nil
  }
  /// The elements of a list; nothing for any other value.
  package var elements: [DocumentValue] {
    if case .list(let elements) = self { return elements }
    return []
  }
  /// The entries of a mapping; nothing for any other value.
  package var entries: [Entry] {
    if case .mapping(let entries) = self { return entries }
    return []
  }
  /// The strings of a list.
  package var strings: [String] { elements.compactMap(\.string) }
  /// String to string, such as labels.
  package var stringMap: [String: String] {
    Dictionary(entries.compactMap { entry in entry.value.string.map { (entry.key, $0) } }) { first, _ in first }
  }

  /// `matchLabels` and `matchExpressions` (or, as Istio writes it, `matchLabels` alone) as a selector.
  package var labelSelector: LabelSelector {
    var requirements = (self["matchLabels"]?.stringMap ?? [:]).sorted { $0.key < $1.key }
      .map { LabelSelector.Requirement(key: $0.key, operation: .isIn, values: [$0.value]) }
    for expression in self["matchExpressions"]?.elements ?? [] {
      guard let key = expression["key"]?.string,
        let operation = expression["operator"]?.string.flatMap(LabelSelector.Operation.init(rawValue:))
      else { continue }
      requirements.append(
        LabelSelector.Requirement(key: key, operation: operation, values: expression["values"]?.strings ?? []))
    }
    return LabelSelector(requirements)
  }
}
