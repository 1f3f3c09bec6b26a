/// Reads JSON as a stream: the caller asks for the keys it knows and skips the rest.
///
/// Reports are large and come from elsewhere. Memory is what the caller keeps; time is linear in the bytes; nesting is
/// bounded; a key that stands twice in an object that is read is an error, because two readers would disagree about it.
struct JSONReader {
  struct Problem: Error, Equatable {
    var offset: Int
    var message: String
  }

  enum Kind { case object, array, string, number, bool, null }

  static let nesting = 128
  /// Texts are cut here: nothing that is kept is longer.
  static let longestText = 4_096

  private struct Frame {
    var isObject: Bool
    var isEmpty = true
    /// The keys so far begin here in `keys`; many move into `manyKeys`.
    var firstKey: Int
    var manyKeys: Set<String>?
  }

  let bytes: [UInt8]
  private(set) var position = 0
  private var frames: [Frame] = []
  private var keys: [String] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The line of an offset, from 1.
  func line(of offset: Int) -> Int { 1 + bytes.prefix(offset).count { $0 == 0x0A } }

  func problem(_ message: String) -> Problem { Problem(offset: min(position, bytes.count), message: message) }

  // MARK: - Values

  /// What comes next; throws at the end and at what begins no value.
  mutating func peek() throws(Problem) -> Kind {
    skipBlanks()
    guard position < bytes.count else { throw problem("the text ends in the middle of a value") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw problem("no JSON value begins here")
    }
  }

  /// Enters an object. False where there is null instead, which is read.
  mutating func enterObject(_ what: String) throws(Problem) -> Bool { try enter(.object, what) }

  /// Enters a list. False where there is null instead, which is read.
  mutating func enterArray(_ what: String) throws(Problem) -> Bool { try enter(.array, what) }

  private mutating func enter(_ wanted: Kind, _ what: String) throws(Problem) -> Bool {
    let kind = try peek()
    if kind == .null {
      try literal("null")
      return false
    }
    guard kind == wanted else { throw problem("\(what) is no \(wanted == .object ? "object" : "list")") }
    guard frames.count < Self.nesting else { throw problem("nested deeper than \(Self.nesting) levels") }
    position += 1
    frames.append(Frame(isObject: wanted == .object, firstKey: keys.count))
    return true
  }

  /// The next key of the object entered last; nil after its end, which leaves it.
  mutating func nextKey() throws(Problem) -> String? {
    guard try nextEntry(closing: UInt8(ascii: "}")) else { return nil }
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw problem("a key is no text") }
    let start = position
    let key = try text()
    guard remember(key) else {
      throw Problem(offset: start, message: "the key '\(key.prefix(60))' stands twice in one object")
    }
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw problem("a key has no ':'") }
    position += 1
    return key
  }

  /// Whether the list entered last has another element; after its end it is left.
  mutating func nextElement() throws(Problem) -> Bool { try nextEntry(closing: UInt8(ascii: "]")) }

  private mutating func nextEntry(closing: UInt8) throws(Problem) -> Bool {
    skipBlanks()
    guard position < bytes.count, let frame = frames.last else { throw problem("the text ends too early") }
    if bytes[position] == closing {
      position += 1
      keys.removeSubrange(frame.firstKey...)
      frames.removeLast()
      return false
    }
    if !frame.isEmpty {
      guard bytes[position] == UInt8(ascii: ",") else { throw problem("a comma is missing") }
      position += 1
      skipBlanks()
      guard position < bytes.count else { throw problem("the text ends too early") }
    }
    frames[frames.count - 1].isEmpty = false
    return true
  }

  /// Few keys are compared one by one, many are kept in a set.
  private mutating func remember(_ key: String) -> Bool {
    let last = frames.count - 1
    if frames[last].manyKeys != nil { return frames[last].manyKeys?.insert(key).inserted ?? true }
    let first = frames[last].firstKey
    for index in first..<keys.count where keys[index] == key { return false }
    keys.append(key)
    if keys.count - first > 32 { frames[last].manyKeys = Set(keys[first...]) }
    return true
  }

  /// A text; nil for null.
  mutating func optionalText(_ what: String) throws(Problem) -> String? {
    switch try peek() {
    case .string: return try text()
    case .null:
      try literal("null")
      return nil
    default: throw problem("\(what) is no text")
    }
  }

  /// A text; empty for null.
  mutating func text(_ what: String) throws(Problem) -> String { try optionalText(what) ?? "" }

  /// An integer; nil for null and for numbers that are none.
  mutating func integer(_ what: String) throws(Problem) -> Int? {
    switch try peek() {
    case .number:
      let start = position
      try number()
      return Int(String(decoding: bytes[start..<position], as: UTF8.self))
    case .null:
      try literal("null")
      return nil
    default: throw problem("\(what) is no number")
    }
  }

  /// A list of texts; empty for null.
  mutating func texts(_ what: String, limit: Int) throws(Problem) -> [String] {
    var result: [String] = []
    guard try enterArray(what) else { return result }
    while try nextElement() {
      let element = try text(what)
      if result.count < limit { result.append(element) }
    }
    return result
  }

  /// Nothing but blanks follows.
  mutating func finish() throws(Problem) {
    skipBlanks()
    guard position == bytes.count else { throw problem("more follows after the end of the report") }
  }

  // MARK: - Skipping

  /// Skips one value, whatever is in it, without recursion.
  mutating func skip() throws(Problem) {
    let outer = frames.count
    repeat {
      if frames.count > outer, try !skipToValue() { continue }
      switch try peek() {
      case .object: _ = try enterObject("")
      case .array: _ = try enterArray("")
      case .string: try skipText()
      case .number: try number()
      case .bool: try literal(bytes[position] == UInt8(ascii: "t") ? "true" : "false")
      case .null: try literal("null")
      }
    } while frames.count > outer
  }

  /// Goes to the next value of the innermost collection; false where it ended.
  private mutating func skipToValue() throws(Problem) -> Bool {
    guard frames[frames.count - 1].isObject else { return try nextElement() }
    guard try nextEntry(closing: UInt8(ascii: "}")) else { return false }
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw problem("a key is no text") }
    try skipText()
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw problem("a key has no ':'") }
    position += 1
    return true
  }

  mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  mutating func advance(to index: Int) { position = index }
}
