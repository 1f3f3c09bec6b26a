import FleetModel

/// An image reference taken apart: `registry/path/name:tag@digest`.
struct ImageName {
  /// With the registry, without tag and digest.
  var repository: String
  /// The last part of the repository.
  var name: String
  private var tag: Substring?
  /// The tag as a version; nil where there is none or it is no version.
  var version: Version? { tag.flatMap { Version(String($0)) } }

  init(_ image: String) {
    let bytes = image.utf8
    let end = bytes.firstIndex(of: UInt8(ascii: "@")) ?? bytes.endIndex
    var repository = image[..<end]
    // A colon before the last slash is that of the registry's port.
    if let mark = bytes[..<end].lastIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }),
      bytes[mark] == UInt8(ascii: ":")
    {
      tag = image[bytes.index(after: mark)..<end]
      repository = image[..<mark]
    }
    self.repository = String(repository)
    while repository.utf8.last == UInt8(ascii: "/") { repository.removeLast() }
    let slash = repository.utf8.lastIndex(of: UInt8(ascii: "/"))
    name = String(slash.map { repository[repository.utf8.index(after: $0)...] } ?? repository)
  }
}

extension String {
  /// Whether the bytes of another text stand anywhere in it. Rules ask this of every container of a fleet, and the
  /// standard library's `contains` for texts is made for rarer questions.
  func holds(_ part: String) -> Bool {
    var (text, part) = (self, part)
    return text.withUTF8 { text in
      part.withUTF8 { part in
        guard let first = part.first else { return true }
        var start = 0
        while start + part.count <= text.count {
          if text[start] == first {
            var length = 1
            while length < part.count, text[start + length] == part[length] { length += 1 }
            if length == part.count { return true }
          }
          start += 1
        }
        return false
      }
    }
  }
}

extension Container {
  /// `--NAME=value`, or `--NAME value`, among command and arguments; an empty text for a flag alone.
  func flag(_ name: String) -> String? {
    let words = command + args
    for (index, word) in words.enumerated() {
      // Some charts write `command: [sh, -c, "kube-apiserver --a=b …"]`: those are not taken apart.
      if word == "--" + name {
        let next = index + 1 < words.count ? words[index + 1] : ""
        return next.hasPrefix("-") ? "" : next
      }
      if word.hasPrefix("--\(name)=") { return String(word.dropFirst(name.count + 3)) }
    }
    return nil
  }

  /// The program's name is the last part of the first word of its command.
  func runs(_ program: String) -> Bool {
    (command.first ?? args.first).map { $0 == program || $0.hasSuffix("/" + program) } ?? false
  }
}
