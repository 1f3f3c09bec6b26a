import Diagnostics

/// One YAML or JSON document of an input, still as bytes.
struct RawDocument: Equatable {
  var bytes: ArraySlice<UInt8>
  /// The line of the file on which the bytes begin, from 1.
  var line: Int
}

/// Cuts an input into its documents without parsing them, so that a bad one cannot hide the others.
///
/// In YAML a line that begins with `---` or `...` ends a document wherever it stands, inside block scalars too.
enum DocumentSplitter {
  /// The documents of a file; one more than the limit when there are too many.
  static func split(_ bytes: [UInt8], limit: Int = IntakeLimits.documents) -> [RawDocument] {
    var documents: [RawDocument] = []
    var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var startLine = 1
    var line = 1
    var index = start
    func cut(at end: Int) {
      documents += streams(of: RawDocument(bytes: bytes[start..<end], line: startLine), limit: limit)
    }
    while index < bytes.count && documents.count <= limit {
      let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
      switch marker(bytes[index..<end]) {
      case .start:
        cut(at: index)
        (start, startLine) = (index, line)
      case .end:
        cut(at: index)
        (start, startLine) = (end, line + 1)
      case .none: break
      }
      index = end
      line += 1
    }
    if documents.count <= limit { cut(at: bytes.count) }
    return documents
  }

  private enum Marker { case start, end, none }

  private static func marker(_ line: ArraySlice<UInt8>) -> Marker {
    guard line.count >= 3, let first = line.first, first == UInt8(ascii: "-") || first == UInt8(ascii: ".") else {
      return .none
    }
    guard line.prefix(3).allSatisfy({ $0 == first }) else { return .none }
    if let next = line.dropFirst(3).first, !next.isYAMLSpace { return .none }
    return first == UInt8(ascii: "-") ? .start : .end
  }

  /// Documents that hold nothing are dropped; JSON objects that follow each other are told apart, as kubectl does.
  private static func streams(of document: RawDocument, limit: Int) -> [RawDocument] {
    guard let first = firstContent(of: document.bytes) else { return [] }
    guard document.bytes[first] == UInt8(ascii: "{") else { return [document] }
    var result: [RawDocument] = []
    var rest = document
    while result.count <= limit, let end = endOfJSONObject(rest.bytes), let next = firstContent(of: rest.bytes[end...]),
      rest.bytes[next] == UInt8(ascii: "{")
    {
      result.append(RawDocument(bytes: rest.bytes[rest.bytes.startIndex..<end], line: rest.line))
      let lines = rest.bytes[rest.bytes.startIndex..<end].count { $0 == UInt8(ascii: "\n") }
      rest = RawDocument(bytes: rest.bytes[end...], line: rest.line + lines)
    }
    result.append(rest)
    return result
  }

  /// The first byte that is neither blank, comment, directive nor the `---` of the document itself.
  private static func firstContent(of bytes: ArraySlice<UInt8>) -> Int? {
    var index = bytes.startIndex
    if case .start = marker(bytes[index...].prefix(4)) { index += 3 }
    var atLineStart = index == bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "#") || (byte == UInt8(ascii: "%") && atLineStart) {
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        index = end
      } else if !byte.isYAMLSpace {
        return index
      }
      atLineStart = bytes[index] == UInt8(ascii: "\n")
      index += 1
    }
    return nil
  }

  /// The index after the brace that closes the first one; nil when it is not closed.
  private static func endOfJSONObject(_ bytes: ArraySlice<UInt8>) -> Int? {
    var depth = 0
    var inString = false
    var index = bytes.startIndex
    while index < bytes.endIndex {
      switch (inString, bytes[index]) {
      case (true, UInt8(ascii: "\\")): index += 1
      case (_, UInt8(ascii: "\"")): inString.toggle()
      case (false, UInt8(ascii: "{")): depth += 1
      case (false, UInt8(ascii: "}")):
        depth -= 1
        if depth == 0 { return index + 1 }
      default: break
      }
      index += 1
    }
    return nil
  }
}

extension UInt8 {
  var isYAMLSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}
