import Foundation

/// What stand-ins read from their command lines.
enum StandinText {
  /// Keys are sorted: the same text every time.
  static func of(_ message: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(message)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
