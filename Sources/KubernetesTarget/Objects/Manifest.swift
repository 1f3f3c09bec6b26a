import FleetModel

extension DocumentValue {
  /// A mapping with its keys in the order given; nil values are left out.
  static func map(_ pairs: KeyValuePairs<String, DocumentValue?>) -> DocumentValue {
    .mapping(pairs.compactMap { key, value in value.map { Entry(key, $0) } })
  }

  static func texts(_ texts: [String]) -> DocumentValue { .list(texts.map { .string($0) }) }

  static func labels(_ labels: [String: String]) -> DocumentValue {
    .mapping(labels.sorted { $0.key < $1.key }.map { Entry($0.key, .string($0.value)) })
  }

  /// This value with another laid over it: mappings are merged by key, lists of named things by name, and anything
  /// else is replaced. The order of what is there stays.
  func merging(_ other: DocumentValue) -> DocumentValue {
    switch (self, other) {
    case (.mapping(var entries), .mapping(let added)):
      for entry in added {
        if let index = entries.firstIndex(where: { $0.key == entry.key }) {
          entries[index].value = entries[index].value.merging(entry.value)
        } else {
          entries.append(entry)
        }
      }
      return .mapping(entries)
    case (.list(var elements), .list(let added)) where (elements + added).allSatisfy({ $0["name"]?.string != nil }):
      for element in added {
        if let index = elements.firstIndex(where: { $0["name"] == element["name"] }) {
          elements[index] = elements[index].merging(element)
        } else {
          elements.append(element)
        }
      }
      return .list(elements)
    default: return other
    }
  }

  /// A mapping without some of its keys.
  func without(_ keys: Set<String>) -> DocumentValue {
    .mapping(entries.filter { !keys.contains($0.key) })
  }
}
