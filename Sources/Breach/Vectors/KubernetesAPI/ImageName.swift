import FleetModel

/// An image reference taken apart: `registry/path/name:tag@digest`.
struct ImageName {
  /// With the registry, without tag and digest.
  var repository: String
  /// The last part of the repository.
  var name: String
  /// The tag as a version; nil where there is none or it is no version.
  var version: Version?

  init(_ image: String) {
    let withoutDigest = image.prefix { $0 != "@" }
    var repository = withoutDigest
    if let colon = withoutDigest.lastIndex(of: ":"), !withoutDigest[colon...].contains("/") {
      repository = withoutDigest[..<colon]
      version = Version(String(withoutDigest[withoutDigest.index(after: colon)...]))
    }
    self.repository = String(repository)
    name = repository.split(separator: "/").last.map(String.init) ?? ""
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
    (command + args).first.map { $0 == program || $0.hasSuffix("/" + program) } ?? false
  }
}
