import Crypto
import FleetModel

extension AuditFinding {
  /// SHA-256 of code, kind, name, container and place inside the object, in hexadecimal. Lines, files, the order of
  /// things and the wording of messages take no part: it stays while the finding does.
  package var fingerprint: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(192)
    bytes += "bulkhead/1".utf8
    for part in [code, resource.kind, resource.namespace, resource.name, container ?? "", namedPlace] {
      bytes.append(0)
      bytes += part.utf8
    }
    if ordinal > 0 { bytes += "\u{0}#\(ordinal)".utf8 }
    var text: [UInt8] = []
    text.reserveCapacity(64)
    for byte in SHA256.hash(data: bytes) {
      text.append(Self.digits[Int(byte >> 4)])
      text.append(Self.digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static let digits = Array("0123456789abcdef".utf8)

  /// The place, or the names that the fix touches: `- name: data` and `port: 8080` of a patch, the whole of a command.
  var namedPlace: String {
    if let place { return place }
    var names: [UInt8] = []
    var fix = fix
    fix.withUTF8 { text in
      var start = 0
      while start < text.count {
        var end = start
        while end < text.count, text[end] != 0x0A { end += 1 }
        Self.addNames(UnsafeBufferPointer(rebasing: text[start..<end]), &names)
        start = end + 1
      }
    }
    return String(decoding: names, as: UTF8.self)
  }

  private static func addNames(_ line: UnsafeBufferPointer<UInt8>, _ names: inout [UInt8]) {
    var rest = line.drop { $0 == 0x20 }
    if rest.first == 0x2D { rest = rest.dropFirst().drop { $0 == 0x20 } }
    // The first letter tells nearly all lines.
    switch rest.first {
    case UInt8(ascii: "k") where rest.starts(with: command):
      // What follows a command as a comment is prose.
      names += rest.prefix { $0 != 0x23 }
    case UInt8(ascii: "n"), UInt8(ascii: "p"), UInt8(ascii: "m"):
      guard keys.contains(where: { rest.starts(with: $0) }) else { return }
      names += rest
    default: return
    }
    names.append(0x0A)
  }

  private static let command = Array("kubectl ".utf8)
  private static let keys = ["name:", "port:", "mountPath:", "metadata: {"].map { Array($0.utf8) }
}

extension [AuditFinding] {
  /// Numbers findings that only their message tells apart. The slice is sorted, so that such ones are neighbours.
  mutating func numberAlike() {
    guard count > 1 else { return }
    for index in indices.dropFirst() where AuditFinding.sameRuleAndContainer(self[index], self[index - 1]) {
      var earlier = index - 1
      var same = 0
      let place = self[index].namedPlace
      while earlier >= 0, AuditFinding.sameRuleAndContainer(self[index], self[earlier]), index - earlier < 1000 {
        if self[earlier].namedPlace == place { same += 1 }
        earlier -= 1
      }
      self[index].ordinal = same
    }
  }
}
