/// Paths on a node, compared by containment: a mount of `/var` holds `/var/lib/kubelet`, and one of
/// `/var/lib/kubelet/pods` lies inside of it.
struct NodePath: Sendable, Equatable {
  /// Without empty parts, `.` and `..`; `/var/run` is written `/run`, to which it links on every current system.
  let parts: [Substring]

  enum Relation: Sendable {
    /// The place is at or below the path.
    case holds
    /// The path is below the place.
    case inside
    case apart
  }

  init(_ text: String) {
    var parts: [Substring] = []
    for part in text.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    if parts.count >= 2, parts[0] == "var", parts[1] == "run" { parts.removeFirst() }
    self.parts = parts
  }

  func relation(to place: NodePath) -> Relation {
    if starts(place.parts, with: parts) { return .holds }
    if starts(parts, with: place.parts) { return .inside }
    // The link /var/run leads from a mount of /var to the same files.
    if parts == ["var"], place.parts.first == "run" { return .holds }
    return .apart
  }

  /// True when one contains the other.
  func meets(_ place: NodePath) -> Bool { relation(to: place) != .apart }
  func holds(_ place: NodePath) -> Bool { relation(to: place) == .holds }
  /// True when the place lies below and is not the path itself.
  func isStrictlyAbove(_ place: NodePath) -> Bool { parts != place.parts && holds(place) }

  var text: String { "/" + parts.joined(separator: "/") }

  private func starts(_ path: [Substring], with prefix: [Substring]) -> Bool {
    guard prefix.count <= path.count else { return false }
    for index in prefix.indices where path[index] != prefix[index] { return false }
    return true
  }
}
