/// One thing that must lie on disk for a container, with the ids it has inside the world.
package struct BundleEntry: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case directory
    case file([UInt8])
    case link(to: String)
  }
  /// Relative to the world's directory.
  package var path: String
  package var kind: Kind
  /// Permission bits; of no meaning for links.
  package var mode: Int
  package var uid: Int
  package var gid: Int

  package init(path: String, kind: Kind, mode: Int, uid: Int = 0, gid: Int = 0) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }
}

/// A path of the logical node that a hostPath volume names.
package struct NodePath: Sendable, Equatable, Hashable {
  package enum Kind: String, Sendable, Hashable { case directory, file, socket, characterDevice, blockDevice }
  package var node: String
  /// As in the manifest: absolute, from the node's own root.
  package var path: String
  package var kind: Kind
  /// The kubelet or the runtime makes it where it is missing; otherwise the container does not start without it.
  package var created: Bool
  package var mode: Int { kind == .directory ? 0o755 : 0o644 }
}
