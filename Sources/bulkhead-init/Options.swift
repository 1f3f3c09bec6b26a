import CLinux
import Glibc

/// Reads `--name value` pairs; anything else ends the program with 64.
struct OptionReader {
  private var rest: ArraySlice<String>

  init(_ arguments: [String]) { rest = arguments[...] }

  /// The next pair, or nil at the end or before `--`.
  mutating func next() -> (name: String, value: String)? {
    guard let name = rest.first, name != "--" else { return nil }
    guard name.hasPrefix("--"), rest.count >= 2 else { Self.refuse("bad argument \(name)") }
    let value = rest[rest.startIndex + 1]
    rest = rest.dropFirst(2)
    return (String(name.dropFirst(2)), value)
  }

  /// What follows `--`.
  var remaining: [String] { Array(rest.dropFirst()) }

  static func refuse(_ text: String) -> Never {
    complain(text)
    exit(64)
  }

  static func number(_ text: String) -> Int {
    guard let number = Int(text), number >= 0 else { refuse("bad number \(text)") }
    return number
  }
}

struct WatchOptions {
  var name = ""
  /// The host id of id 0 inside; nil without a user namespace.
  var base: UInt32?
  var nodes: [String] = []
  var tools: [(name: String, path: String)] = []
  /// Host folders that the world sees, read-only, under their own names.
  var folders: [String] = []

  init(_ arguments: [String]) {
    var reader = OptionReader(arguments)
    while let (name, value) = reader.next() {
      switch name {
      case "name": self.name = Self.plain(value)
      case "base": base = UInt32(OptionReader.number(value))
      case "node": nodes.append(Self.plain(value))
      case "folder": folders.append(value)
      case "tool":
        let parts = value.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { OptionReader.refuse("bad tool \(value)") }
        tools.append((Self.plain(parts[0]), parts[1]))
      default: OptionReader.refuse("unknown option --\(name)")
      }
    }
    if name.isEmpty { OptionReader.refuse("--name is missing") }
  }

  private static func plain(_ name: String) -> String {
    guard isPlainName(name) else { OptionReader.refuse("bad name \(name)") }
    return name
  }
}

struct EnterOptions {
  /// The world's init as this process sees it, and the inode of its pid namespace: a pid that now belongs to another
  /// process must never be entered.
  var world: pid_t = 0
  var inode: UInt = 0
  var userNamespace = true
  /// The node's init as the world sees it; nil for the world itself.
  var node: pid_t?
  /// A name below the node's `/run/netns`.
  var network: String?
  var limitMilliseconds: Int32 = -1
  var command: [String] = []

  init(_ arguments: [String]) {
    var reader = OptionReader(arguments)
    while let (name, value) = reader.next() {
      switch name {
      case "world": world = pid_t(OptionReader.number(value))
      case "inode": inode = UInt(OptionReader.number(value))
      case "user-namespace": userNamespace = value == "yes"
      case "node": node = pid_t(OptionReader.number(value))
      case "network":
        guard isPlainName(value) else { OptionReader.refuse("bad name \(value)") }
        network = value
      case "limit": limitMilliseconds = Int32(clamping: OptionReader.number(value))
      default: OptionReader.refuse("unknown option --\(name)")
      }
    }
    command = reader.remaining
    if world <= 1 || inode == 0 || command.isEmpty { OptionReader.refuse("--world, --inode and a command are needed") }
  }
}
