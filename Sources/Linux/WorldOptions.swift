/// What a world is made of.
package struct WorldOptions: Sendable {
  /// `[a-z0-9-]{1,20}`, unique on this machine; names the cgroup folders.
  package var name: String
  /// False leaves the user namespace out (`--kernel-fidelity`): the world's root is then real root.
  package var userNamespace = true
  /// Names of the logical nodes, `[a-z0-9-]`.
  package var nodes: [String]
  /// The `bulkhead-init` program on the host.
  package var initPath: String
  /// Name → host path (file or folder); seen read-only as `/run/bulkhead/tools/NAME`.
  package var tools: [String: String]
  /// Host folders the world sees, read-only, under their own paths. Everything else of the host stays outside.
  package var folders: [String] = ["/usr", "/opt"]

  package init(name: String, nodes: [String], initPath: String, tools: [String: String] = [:]) {
    self.name = name
    self.nodes = nodes
    self.initPath = initPath
    self.tools = tools
  }
}

/// A file or folder to be written into a world from outside. Ids are those inside the world.
package struct WorldFile: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    case file([UInt8])
    case folder
  }
  /// Below `World.directory`, such as `pods/p1/config.json`.
  package var path: String
  package var content: Content
  package var mode: UInt32
  package var uid: UInt32
  package var gid: UInt32

  package init(path: String, bytes: [UInt8], mode: UInt32 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0) {
    self.path = path
    content = .file(bytes)
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }

  package static func folder(_ path: String, mode: UInt32 = 0o755, uid: UInt32 = 0, gid: UInt32 = 0) -> WorldFile {
    var file = WorldFile(path: path, bytes: [], mode: mode, uid: uid, gid: gid)
    file.content = .folder
    return file
  }
}

/// How a command inside a world ended.
package struct CommandResult: Sendable, Equatable {
  /// The exit status; 128 + signal; 124 when the limit was reached; 125 when the world could not be entered; 126 and
  /// 127 when the command could not be run or found.
  package var status: Int32
  package var output: [UInt8]
  package var errorText: String

  package init(status: Int32, output: [UInt8] = [], errorText: String = "") {
    self.status = status
    self.output = output
    self.errorText = errorText
  }

  package var text: String { String(decoding: output, as: UTF8.self) }
}

/// The end of a process that a node's init reaped, such as a container started with `runc run --detach`.
package struct ProcessExit: Sendable, Equatable {
  package enum Ending: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
  }
  package var node: String
  /// As in the node's pid namespace; 1 when the node's init itself ended and the node with it.
  package var pid: Int32
  package var ending: Ending

  package init(node: String, pid: Int32, ending: Ending) {
    self.node = node
    self.pid = pid
    self.ending = ending
  }
}
