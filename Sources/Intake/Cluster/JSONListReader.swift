package import FleetModel

/// Reads a Kubernetes list as it arrives, item by item, so that a list may be much larger than what is kept of it.
///
/// Items are read on all processors, in batches; the bytes of a batch are forgotten when it has been read. The order of
/// the keys around `items` does not matter.
package struct JSONListReader<Item: Sendable>: Sendable {
  /// What was read of each item, in order.
  package private(set) var items: [Item] = []
  /// The other fields of the list: `kind`, `apiVersion`, `metadata`. A Status that came instead of a list is here.
  package private(set) var envelope: [DocumentValue.Entry] = []

  private enum State: Sendable { case start, firstKey, key, colon, value, after, firstItem, item, afterItem, done }

  /// A batch is worth two threads, and little enough to keep.
  private let batchBytes = 2 << 20
  private let read: @Sendable (JSONItem) -> Item
  private var state = State.start
  private var key = ""
  private var buffer: [UInt8] = []
  private var position = 0
  private var scan: JSONValueScan?
  private var ranges: [Range<Int>] = []
  private var hasItems = false
  private static var mostEnvelopeBytes: Int { 1 << 20 }
  private var envelopeBytes = 0
  /// Bytes before the buffer, for offsets in messages.
  private var dropped = 0

  /// - Parameter read: what to keep of an item; called on several threads.
  package init(_ read: @escaping @Sendable (JSONItem) -> Item) { self.read = read }

  /// Items that have arrived, read or not.
  package var count: Int { items.count + ranges.count }

  package var metadata: DocumentValue { DocumentValue.mapping(envelope)["metadata"] ?? .mapping([]) }
  package var resourceVersion: String? { metadata["resourceVersion"]?.string }
  /// Where the next page begins; nil on the last one.
  package var continueToken: String? { metadata["continue"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

  /// Takes the next bytes.
  /// - Throws: `JSONProblem`.
  package mutating func feed(_ bytes: UnsafeRawBufferPointer) throws {
    buffer.append(contentsOf: bytes)
    try advance()
    if buffer.count - (scan?.start ?? position) > IntakeLimits.documentBytes {
      throw problem("an item has more than \(IntakeLimits.documentBytes) bytes")
    }
    if (ranges.last?.upperBound ?? 0) - (ranges.first?.lowerBound ?? 0) >= batchBytes { try readBatch() }
    if ranges.isEmpty { forget() }
  }

  /// Says that all bytes have been fed. All around the items is known then.
  /// - Throws: `JSONProblem` for a list that was cut off.
  package func end() throws {
    guard state == .done else { throw problem("the list ends too early") }
  }

  /// Reads what is left of the items, after the end.
  /// - Throws: `JSONProblem`
  package mutating func finish() throws {
    try end()
    try readBatch()
    buffer = []
  }

  private func problem(_ message: String) -> JSONProblem { JSONProblem(offset: dropped + position, message: message) }

  private mutating func readBatch() throws {
    guard !ranges.isEmpty else { return }
    let (batch, read) = (buffer, read)
    let offset = dropped
    let results = SideBySide.map(ranges, weight: \.count) { range -> Result<Item, JSONProblem> in
      do throws(JSONProblem) {
        let tree = try JSONTreeBuilder.tree(of: batch, in: range, leavesOutManagedFields: true)
        return .success(read(JSONItem(tree: tree)))
      } catch {
        return .failure(JSONProblem(offset: error.offset + offset, message: error.message))
      }
    }
    for result in results { items.append(try result.get()) }
    ranges = []
    forget()
  }

  /// Drops the bytes that are done with.
  private mutating func forget() {
    let used = scan?.start ?? position
    guard used > 0 else { return }
    buffer = Array(buffer[used...])
    position -= used
    dropped += used
    scan = scan?.moved(by: used)
  }

  // MARK: - Around the items

  private mutating func advance() throws {
    while true {
      skipBlanks()
      guard position < buffer.count else { return }
      let byte = buffer[position]
      switch state {
      case .start:
        guard byte == UInt8(ascii: "{") else { throw problem("a list begins with '{'") }
        (state, position) = (.firstKey, position + 1)
      case .firstKey where byte == UInt8(ascii: "}"): (state, position) = (.done, position + 1)
      case .firstKey, .key:
        guard byte == UInt8(ascii: "\"") else { throw problem("a key in quotes is wanted here") }
        guard let range = nextValue() else { return }
        key = JSONItem(tree: try tree(range)).value.string ?? ""
        state = .colon
      case .colon:
        guard byte == UInt8(ascii: ":") else { throw problem("a ':' is wanted here") }
        (state, position) = (.value, position + 1)
      case .value where key == "items" && byte == UInt8(ascii: "["):
        guard !hasItems else { throw problem("the list has its items twice") }
        (state, position, hasItems) = (.firstItem, position + 1, true)
      case .value:
        guard let range = nextValue() else { return }
        // A list without items says null.
        if key != "items" { try keep(range) }
        state = .after
      case .firstItem where byte == UInt8(ascii: "]"): (state, position) = (.after, position + 1)
      case .firstItem, .item:
        guard let range = nextValue() else { return }
        ranges.append(range)
        state = .afterItem
      case .afterItem: try step(byte, closing: UInt8(ascii: "]"), next: .item, end: .after)
      case .after: try step(byte, closing: UInt8(ascii: "}"), next: .key, end: .done)
      case .done: throw problem("something follows the list")
      }
    }
  }

  /// An envelope is small; one that is not must not fill the memory.
  private mutating func keep(_ range: Range<Int>) throws {
    envelopeBytes += range.count + 64
    guard envelopeBytes <= Self.mostEnvelopeBytes else { throw problem("there is too much around the items") }
    guard !envelope.contains(where: { $0.key == key }) else { throw problem("a key stands twice around the items") }
    envelope.append(DocumentValue.Entry(key, JSONItem(tree: try tree(range)).value))
  }

  private mutating func step(_ byte: UInt8, closing: UInt8, next: State, end: State) throws {
    switch byte {
    case UInt8(ascii: ","): state = next
    case closing: state = end
    default: throw problem("a comma or the end is wanted here")
    }
    position += 1
  }

  private func tree(_ range: Range<Int>) throws(JSONProblem) -> DocumentTree {
    try JSONTreeBuilder.tree(of: buffer, in: range)
  }

  /// The bytes of the value that begins here; nil when it has not arrived whole.
  private mutating func nextValue() -> Range<Int>? {
    var current = scan ?? JSONValueScan(start: position)
    let end = buffer.withUnsafeBufferPointer { current.end(in: $0) }
    guard let end else {
      scan = current
      return nil
    }
    scan = nil
    let range = current.start..<end
    position = end
    return range
  }

  private mutating func skipBlanks() {
    // In the middle of a value every byte is the value's.
    guard scan == nil else { return }
    while position < buffer.count, [0x20, 0x0A, 0x0D, 0x09].contains(buffer[position]) { position += 1 }
  }
}
