import NIOHTTP1

/// One question to an API server.
struct APIRequest: Sendable {
  /// What it does, in the words of Kubernetes' access control.
  enum Verb: String, Sendable {
    case get, list, watch, create, patch, delete

    var method: HTTPMethod {
      switch self {
      case .get, .list, .watch: .GET
      case .create: .POST
      case .patch: .PATCH
      case .delete: .DELETE
      }
    }
  }

  static let json = "application/json"

  var verb: Verb
  var path: String
  var query: [(name: String, value: String)] = []
  var accept = Self.json
  var contentType = Self.json
  var body: [UInt8]?
  /// Whether it may be sent only by who may write.
  var isFenced = false

  init(_ verb: Verb, _ path: String) { (self.verb, self.path) = (verb, path) }

  /// What narrows a list or a watch to one object; the server then asks for a right to this name alone.
  static func selector(_ name: String) -> (name: String, value: String) { ("fieldSelector", "metadata.name=\(name)") }

  /// Path and query.
  var uri: String {
    guard !query.isEmpty else { return path }
    return path + "?" + query.map { "\($0.name)=\(Self.encoded($0.value))" }.joined(separator: "&")
  }

  /// For messages: which thing, without tokens of pages.
  var place: String { "\(verb.rawValue) \(path)" }

  /// A text as part of a path or a query.
  static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += "%" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}

/// What a server answered, with a body that has been read whole.
struct APIAnswer: Sendable {
  var status: Int
  var headers: HTTPHeaders
  var body: [UInt8]
}
