import CLinux
import Diagnostics
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// A set of namespaces that dies with this process, with logical nodes in it.
///
/// Outside it stays the watcher, a process which notices that this one is gone (a pipe closes), kills the world's init
/// and removes the cgroup folders. When the watcher is killed, the world's init dies with it.
package final class World: Sendable {
  /// The world's shared folder as seen inside the world and its nodes.
  package static let directory = "/run/bulkhead"

  package enum Place: Sendable, Hashable {
    case world
    case node(String)
    /// A network namespace that `ip netns add` made inside the node.
    case network(node: String, namespace: String)
  }

  package let name: String
  /// The world's shared folder as this process reaches it. Do not follow names below it that containers can change:
  /// `write`, `read` and `remove` never follow links.
  package let hostDirectory: String
  /// How the ends of processes in nodes are noticed. For one reader.
  package var exits: AsyncStream<ProcessExit> { session.exits }

  let session: WorldSession
  let folder: WorldFolder
  let drain = OutputDrain()
  private let base: UInt32?
  private let initPath: String

  /// What commands inside the world find in their environment: nothing of this process's own.
  static let environment = Environment.custom([
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
  ])

  /// Host ids from here on belong to no user: each world takes 65536 of them.
  private static let firstBase: UInt32 = 1_000_000_000
  private static let bases: UInt32 = 16_000

  /// Starts a world; returns when all its nodes are ready.
  /// - Throws: `BulkheadError` when a name is unfit, the watcher cannot be started, or the kernel refuses.
  package static func start(_ options: WorldOptions) async throws -> World {
    try check(options)
    let base = options.userNamespace ? firstBase + UInt32.random(in: 0..<bases) * 65536 : nil
    var arguments = ["watch", "--name", options.name]
    if let base { arguments += ["--base", "\(base)"] }
    for node in options.nodes { arguments += ["--node", node] }
    for folder in options.folders.sorted() where access(folder, F_OK) == 0 { arguments += ["--folder", folder] }
    for (name, path) in options.tools.sorted(by: { $0.key < $1.key }) { arguments += ["--tool", "\(name)=\(path)"] }
    let session = WorldSession()
    try await session.start(options.initPath, arguments)
    do {
      return try World(options, session: session, base: base)
    } catch {
      session.cutLifeline()
      await session.waitForEnd()
      throw error
    }
  }

  private static func check(_ options: WorldOptions) throws {
    func isName(_ name: String, _ limit: Int) -> Bool {
      (1...limit).contains(name.utf8.count) && !name.hasPrefix("-")
        && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
    guard isName(options.name, 20) else {
      throw BulkheadError(.usage, "'\(options.name)' is no name for a world", cure: "use 1 to 20 of a-z, 0-9 and -")
    }
    for node in options.nodes where !isName(node, 63) {
      throw BulkheadError(.usage, "'\(node)' is no name for a node", cure: "use 1 to 63 of a-z, 0-9 and -")
    }
    guard Set(options.nodes).count == options.nodes.count else {
      throw BulkheadError(.usage, "two nodes have the same name", cure: "name every node differently")
    }
    guard geteuid() == 0 else {
      throw BulkheadError(.notPermitted, "a world can only be made by root", cure: "run it with sudo")
    }
  }

  private init(_ options: WorldOptions, session: WorldSession, base: UInt32?) throws {
    name = options.name
    initPath = options.initPath
    self.base = base
    self.session = session
    hostDirectory = "/proc/\(session.facts.watcher)/root\(Self.directory)"
    folder = try WorldFolder(hostDirectory)
  }

  deinit {
    session.cutLifeline()
    drain.stop()
  }

  /// The host's id of an id inside.
  package func idMap(_ id: UInt32) -> UInt32 { (base ?? 0) + id }

  /// The pid of a node's init in the world's pid namespace. (In `.world`, `ip link set X netns NODE` takes the name.)
  package func pid(ofNode node: String) -> Int? { session.facts.nodes[node].map(Int.init) }

  /// Writes files and folders from outside, making parents; a file is replaced in one step. Never follows a link.
  package func write(_ files: [WorldFile]) throws {
    for file in files { try folder.write(file) { idMap($0) } }
  }

  /// The first bytes of a regular file below `directory`, or nil where there is none. Never follows a link.
  package func read(_ path: String, limit: Int = 1 << 20) -> [UInt8]? { folder.read(path, limit: limit) }

  /// Removes a file or a folder with all that is in it; what is not there is no error. Never follows a link.
  package func remove(_ path: String) { folder.remove(path) }

  /// What to write as runc's `cgroupsPath`; nil where this machine has no cgroups. The world's own cgroup namespace
  /// makes the world's folder the root.
  package func cgroupPath(_ leaf: String) -> String? { CgroupFolders.exist ? "/\(leaf)" : nil }

  /// The cgroup folder of a leaf as the host sees it, such as for `memory`. On cgroup v2 the controller is ignored.
  package func hostCgroup(_ controller: String, _ leaf: String) -> String {
    CgroupFolders.folder(controller, world: name) + "/" + leaf
  }

  /// Whether memory limits can include swap.
  package var countsSwap: Bool { CgroupFolders.countSwap }

  /// Ends the world; returns when nothing is left: processes, cgroup folders, mounts, namespaces.
  /// - Returns: false when a cgroup folder could not be removed (`sweepLeftovers` tries again).
  @discardableResult
  package func stop() async -> Bool {
    session.cutLifeline()
    await session.waitForEnd()
    folder.close()
    drain.stop()
    // The rest only matters when the watcher was killed: the world then dies by itself, and nobody swept.
    for _ in 0..<1000 {
      if session.worldIsGone && CgroupFolders.remove(world: name) { return true }
      // A cancelled caller must not cut the cleanup short.
      await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
    }
    return false
  }

  /// Removes the cgroup folders of worlds whose watcher was killed together with them.
  /// - Returns: the names of the worlds.
  package static func sweepLeftovers() throws -> [String] { CgroupFolders.sweep() }

  /// The program and arguments that run `command` in a place.
  func entry(_ command: [String], _ place: Place, limit: Duration?) throws -> (Executable, Arguments) {
    let facts = session.facts
    guard !session.hasEnded else { throw Self.ended }
    var arguments = ["enter", "--world", "\(facts.world)", "--inode", "\(facts.inode)"]
    arguments += ["--user-namespace", base == nil ? "no" : "yes"]
    switch place {
    case .world: break
    case .node(let node), .network(let node, _):
      guard let pid = facts.nodes[node] else {
        throw BulkheadError(.unexpected, "the world has no node '\(node)'", cure: "name one of its nodes")
      }
      arguments += ["--node", "\(pid)"]
    }
    if case .network(_, let namespace) = place { arguments += ["--network", namespace] }
    if let limit { arguments += ["--limit", "\(max(1, Int(limit / .milliseconds(1))))"] }
    return (.path(FilePath(initPath)), Arguments(arguments + ["--"] + command))
  }

  static let ended = BulkheadError(.unexpected, "the world has ended", cure: "start it again")
}
