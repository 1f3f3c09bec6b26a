import FleetModel

/// What a document says: keys looked up, merge keys followed.
extension DocumentTree {
  /// Calls `body` with each child: the elements of a list; keys and values in turn of a mapping.
  func forEachChild(of index: Int, _ body: (Int) -> Void) {
    let end = next(after: index)
    var child = index + 1
    while child < end {
      body(child)
      child = next(after: child)
    }
  }

  /// The value of a key in a mapping; explicit keys win over merged ones (`<<`).
  func value(of name: UnsafeBufferPointer<UInt8>, in mapping: Int) -> Int? {
    guard isShared else { return ownValue(of: name, in: mapping) }
    let end = next(after: mapping)
    var key = mapping + 1
    var merged: Int?
    while key < end {
      let value = next(after: key)
      let resolvedKey = resolved(key)
      if isText(resolvedKey, name) { return value }
      if isMergeKey(resolvedKey) { merged = resolved(value) }
      key = next(after: value)
    }
    guard let merged else { return nil }
    switch nodes[merged].kind {
    case .mapping: return self.value(of: name, in: merged)
    case .sequence:
      for base in mappings(in: merged) {
        if let value = self.value(of: name, in: base) { return value }
      }
      return nil
    case .scalar, .alias: return nil
    }
  }

  /// The same where nothing is merged and no key is an alias: what most documents and all of a cluster's objects are.
  private func ownValue(of name: UnsafeBufferPointer<UInt8>, in mapping: Int) -> Int? {
    nodes.withUnsafeBufferPointer { nodes in
      bytes.withUnsafeBytes { bytes in
        let end = Int(nodes[mapping].next)
        var key = mapping + 1
        while key < end {
          let node = nodes[key]
          let value = Int(node.next)
          if node.isStored ? isText(key, name) : node.isText(name, in: bytes) { return value }
          key = Int(nodes[value].next)
        }
        return nil
      }
    }
  }

  private func mappings(in sequence: Int) -> [Int] {
    var result: [Int] = []
    forEachChild(of: sequence) { child in
      let child = resolved(child)
      if nodes[child].kind == .mapping { result.append(child) }
    }
    return result
  }

  /// The entries of a mapping in the order written, merged ones after explicit ones, each key once.
  func entries(of mapping: Int) -> [(key: String, value: Int)] {
    var result: [(key: String, value: Int)] = []
    guard isShared else {
      let end = next(after: mapping)
      var key = mapping + 1
      while key < end {
        let value = next(after: key)
        if nodes[key].kind == .scalar { result.append((text(key), value)) }
        key = next(after: value)
      }
      return result
    }
    var seen: Set<String> = []
    collect(mapping, &result, &seen)
    return result
  }

  private func collect(_ mapping: Int, _ result: inout [(key: String, value: Int)], _ seen: inout Set<String>) {
    var merged: [Int] = []
    let end = next(after: mapping)
    var key = mapping + 1
    while key < end {
      let value = next(after: key)
      let (name, target) = (resolved(key), resolved(value))
      if isMergeKey(name) {
        switch nodes[target].kind {
        case .mapping: merged.append(target)
        case .sequence: merged += mappings(in: target)
        case .scalar, .alias: break
        }
      } else if nodes[name].kind == .scalar {
        let name = text(name)
        if seen.insert(name).inserted { result.append((name, value)) }
      }
      key = next(after: value)
    }
    for base in merged { collect(base, &result, &seen) }
  }

  /// All that is in a node, as Kubernetes resolves it.
  func value(at index: Int) -> DocumentValue {
    let index = resolved(index)
    switch nodes[index].kind {
    case .sequence:
      var elements: [DocumentValue] = []
      forEachChild(of: index) { elements.append(value(at: $0)) }
      return .list(elements)
    case .mapping:
      return .mapping(entries(of: index).map { DocumentValue.Entry($0.key, value(at: $0.value)) })
    case .scalar, .alias:
      switch scalar(index) {
      case .string(let text): return .string(text)
      case .integer(let value): return .integer(value)
      case .number(let text): return .number(text)
      case .bool(let value): return .bool(value)
      case .null, nil: return .null
      }
    }
  }
}
