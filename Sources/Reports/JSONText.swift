import Foundation

enum JSONText {
  /// The same value always gives the same bytes: keys in order of their names, except that `schema` comes first.
  static func of(_ value: some Encodable, schema: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let body = String(decoding: try encoder.encode(value), as: UTF8.self)
    guard body.hasPrefix("{\n") else { return body + "\n" }
    return "{\n  \"schema\" : \"\(schema)\",\n" + body.dropFirst(2) + "\n"
  }
}
