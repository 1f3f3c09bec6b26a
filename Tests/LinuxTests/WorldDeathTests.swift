import Foundation
import Glibc
import Linux
import Synchronization
import Testing

/// Whoever is killed, and whenever: nothing of a world may be left.
@Suite("The death of a world", .serialized, .enabled(if: Machine.isRoot, "worlds are made by root"))
struct WorldDeathTests {
  /// A supervisor in a process of its own: it holds the watcher's lifeline and nothing else.
  private struct Supervised {
    let name = Machine.worldName()
    let folder: URL
    let shell = Process()

    init() throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent(name)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = [
        "-c",
        """
        sh -c 'echo $$ > "$0/supervisor"; exec sleep 1000' "$1" |
          sh -c 'echo $$ > "$0/watcher"; exec "$@"' "$1" "$2" watch --name "$3" --base 1999000000 --folder /usr \
            --node one --node two > "$1/events" 2> "$1/errors"
        """, "sh", folder.path, Machine.initPath, name,
      ]
      shell.standardInput = FileHandle.nullDevice
      try shell.run()
    }

    func pid(_ who: String) async throws -> pid_t {
      #expect(try await eventually { number(in: folder.appendingPathComponent(who).path) != nil })
      return pid_t(try #require(number(in: folder.appendingPathComponent(who).path)))
    }

    var events: String { (try? String(contentsOf: folder.appendingPathComponent("events"), encoding: .utf8)) ?? "" }

    func isReady() async throws -> Bool { try await eventually { events.contains("ready\n") } }

    func end() {
      shell.waitUntilExit()
      try? FileManager.default.removeItem(at: folder)
    }
  }

  @Test("follows the supervisor's at any moment", arguments: 0..<12)
  func supervisor(round: Int) async throws {
    let supervised = try Supervised()
    let pid = try await supervised.pid("supervisor")
    let watcher = try await supervised.pid("watcher")
    // Any moment will do, from before the world exists to long after it is ready.
    try await Task.sleep(for: .microseconds(.random(in: 0..<(round < 8 ? 40_000 : 200_000))))
    kill(pid, SIGKILL)
    let left = try await Leftovers.settle(of: supervised.name)
    #expect(left.none, "\(left)")
    #expect(try await eventually { kill(watcher, 0) != 0 })
    supervised.end()
  }

  @Test("with a busy world follows too")
  func busy() async throws {
    let supervised = try Supervised()
    try #require(try await supervised.isReady(), "\(supervised.events)")
    let line = try #require(supervised.events.split(separator: "\n").first { $0.hasPrefix("world ") })
    let words = line.split(separator: " ").map(String.init)
    let marker = "987\(UInt16.random(in: 0 ... .max))"
    let command = Process()
    command.executableURL = URL(fileURLWithPath: Machine.initPath)
    command.arguments = [
      "enter", "--world", words[1], "--inode", words[2], "--", "sh", "-c",
      "mkdir /sys/fs/cgroup/*/leaf; setsid sleep \(marker) & trap '' TERM INT; while :; do :; done",
    ]
    command.standardError = FileHandle.nullDevice
    try command.run()
    func sleeps() -> Bool {
      let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.filter { Int($0) != nil } ?? []
      return numbers.contains {
        (FileManager.default.contents(atPath: "/proc/\($0)/cmdline") ?? Data()).elementsEqual("sleep\0\(marker)\0".utf8)
      }
    }
    #expect(try await eventually(sleeps))
    kill(try await supervised.pid("supervisor"), SIGKILL)
    let left = try await Leftovers.settle(of: supervised.name)
    #expect(left.none, "\(left)")
    #expect(!sleeps())
    command.waitUntilExit()
    #expect(command.terminationStatus == 137)
    supervised.end()
  }

  @Test("follows the watcher's, and what the watcher cannot sweep is swept later")
  func watcher() async throws {
    let alive = try await World.start(Machine.options(Machine.worldName(), nodes: ["n"]))
    let supervised = try Supervised()
    try #require(try await supervised.isReady(), "\(supervised.events)")
    kill(try await supervised.pid("watcher"), SIGKILL)
    kill(try await supervised.pid("supervisor"), SIGKILL)
    #expect(try await eventually { Leftovers(of: supervised.name).processes.isEmpty })
    // The cgroup folders stay until somebody sweeps; another program on this machine may be the one.
    let swept = try await eventually {
      _ = try World.sweepLeftovers()
      return Leftovers(of: supervised.name).none
    }
    #expect(swept)
    let still = try await alive.run(["cat", "/proc/1/cgroup"], in: .node("n"), limit: .seconds(5))
    #expect(still.status == 0 && !Leftovers(of: alive.name).cgroups.isEmpty, "a living world is not swept")
    #expect(await alive.stop())
    supervised.end()
  }

  @Test("by a killed watcher ends the stream of exits, and stopping cleans up")
  func ownWatcher() async throws {
    let world = try await World.start(Machine.options(Machine.worldName()))
    let watcher = try #require(pid_t(world.hostDirectory.split(separator: "/")[1]))
    kill(watcher, SIGKILL)
    for await _ in world.exits {}
    #expect(await world.stop())
    #expect(Leftovers(of: world.name).none)
    #expect(try await eventually { zombies().isEmpty })
  }

  @Test("of a node is reported")
  func node() async throws {
    let world = try await World.start(Machine.options(Machine.worldName()))
    let pid = try #require(world.pid(ofNode: "two"))
    _ = try await world.run(["kill", "-9", "\(pid)"], in: .world, limit: .seconds(5))
    var first: ProcessExit?
    for await exit in world.exits {
      first = exit
      break
    }
    #expect(first == ProcessExit(node: "two", pid: 1, ending: .signalled(9)))
    #expect(try await world.run(["true"], in: .node("two"), limit: .seconds(5)).status == 125)
    #expect(try await world.run(["true"], in: .node("one"), limit: .seconds(5)).status == 0)
    #expect(await world.stop())
  }

  @Test("comes with the last handle")
  func dropped() async throws {
    let name = Machine.worldName()
    _ = try await World.start(Machine.options(name))
    let left = try await Leftovers.settle(of: name)
    #expect(left.none, "\(left)")
  }
}
