import Dispatch
import Synchronization

/// JSON, one element of a list of mappings a line. Foundation's encoder takes longer for an audit of a thousand
/// workloads than the audit itself.
struct JSONWriter: TreeWriter {
  private var buffer: ByteBuffer
  private struct Level {
    var isRow: Bool
    var isEmpty = true
  }
  private var levels: [Level] = []

  init(_ sink: @escaping ([UInt8]) -> Void) { buffer = ByteBuffer(sink) }

  /// Goes on where another one stands, and keeps what it writes.
  private init(_ levels: [Level], isFirst: Bool) {
    buffer = ByteBuffer(nil)
    self.levels = levels
    if !isFirst { self.levels[levels.count - 1].isEmpty = false }
  }

  /// So many elements make a piece of work, and so many pieces are in memory at a time.
  private static let (grain, batch) = (128, 32)

  mutating func rows<Element: Sendable>(_ elements: [Element], _ write: @Sendable (Element, inout Self) -> Void) {
    guard elements.count > Self.grain, !levels.isEmpty else {
      for element in elements { write(element, &self) }
      return
    }
    buffer.flush()
    for start in stride(from: 0, to: elements.count, by: Self.grain * Self.batch) {
      let end = min(start + Self.grain * Self.batch, elements.count)
      let count = (end - start + Self.grain - 1) / Self.grain
      let levels = levels
      let pieces = Mutex<[[UInt8]]>(Array(repeating: [], count: count))
      DispatchQueue.concurrentPerform(iterations: count) { number in
        let first = start + number * Self.grain
        var writer = JSONWriter(levels, isFirst: first == 0)
        for index in first..<min(first + Self.grain, end) { write(elements[index], &writer) }
        let bytes = writer.buffer.bytes
        pieces.withLock { $0[number] = bytes }
      }
      for piece in pieces.withLock({ $0 }) { buffer.pass(piece) }
      self.levels[levels.count - 1].isEmpty = false
    }
  }

  mutating func openMapping(_ key: StaticString?, isRow: Bool) {
    begin(key)
    buffer.append(0x7B)
    levels.append(Level(isRow: isRow || levels.last?.isRow ?? false))
  }

  mutating func closeMapping() { close(0x7D) }

  mutating func openList(_ key: StaticString?) {
    begin(key)
    buffer.append(0x5B)
    levels.append(Level(isRow: levels.last?.isRow ?? false))
  }

  mutating func closeList() { close(0x5D) }

  mutating func string(_ key: StaticString?, _ value: String) {
    begin(key)
    buffer.quoted(value)
  }

  mutating func number(_ key: StaticString?, _ value: Int) {
    begin(key)
    buffer.append(String(value))
  }

  mutating func bool(_ key: StaticString?, _ value: Bool) {
    begin(key)
    buffer.append(value ? "true" : "false")
  }

  mutating func decimal(_ key: StaticString?, _ value: Double) {
    begin(key)
    buffer.append(value.isFinite ? "\(value)" : "null")
  }

  mutating func finish() {
    buffer.append(0x0A)
    buffer.flush()
  }

  private mutating func begin(_ key: StaticString?) {
    buffer.flushIfLarge()
    if let last = levels.indices.last {
      if !levels[last].isEmpty { buffer.append(0x2C) }
      if levels[last].isRow {
        if !levels[last].isEmpty { buffer.append(0x20) }
      } else {
        buffer.append(0x0A)
        buffer.blanks(levels.count * 2)
      }
      levels[last].isEmpty = false
    }
    guard let key else { return }
    buffer.append(0x22)
    buffer.append(key)
    buffer.append("\": ")
  }

  private mutating func close(_ mark: UInt8) {
    guard let level = levels.popLast() else { return }
    if !level.isRow && !level.isEmpty {
      buffer.append(0x0A)
      buffer.blanks(levels.count * 2)
    }
    buffer.append(mark)
  }
}
