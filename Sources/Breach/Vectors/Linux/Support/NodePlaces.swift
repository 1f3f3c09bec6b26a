/// Where places of a node show in a container that has a path of the node mounted.
package enum NodePlaces {
  /// Folders that the node obeys (L17), as the container has them: those below the mounted path, and the path itself
  /// where it lies in one.
  package static func obeyed(mounted host: String, at mount: String) -> [String] {
    places(Vector.obeyedPlaces, host, mount, insideCounts: true)
  }

  /// Sockets of container runtimes (L20).
  package static func sockets(mounted host: String, at mount: String) -> [String] {
    places(Vector.sockets, host, mount, insideCounts: false)
  }

  /// Nil where the place is not at or below what is mounted.
  package static func place(_ place: String, mounted host: String, at mount: String) -> String? {
    places([NodePath(place)], host, mount, insideCounts: false).first
  }

  private static func places(_ places: [NodePath], _ host: String, _ mount: String, insideCounts: Bool) -> [String] {
    let path = NodePath(host)
    let base = mount == "/" ? "" : mount
    var found: [String] = []
    for place in places {
      switch path.relation(to: place) {
      case .holds where place.parts.starts(with: path.parts):
        found.append(base + place.parts.dropFirst(path.parts.count).map { "/\($0)" }.joined())
      case .inside where insideCounts: found.append(mount)
      // A link on the way would lead out of the mount.
      case .holds, .inside, .apart: break
      }
    }
    return Set(found.map { $0.isEmpty ? "/" : $0 }).sorted()
  }
}
