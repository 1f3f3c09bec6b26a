import Foundation
import Glibc
import Linux
import Testing

@Suite("A world", .serialized, .enabled(if: Machine.isRoot, "worlds are made by root"))
struct WorldTests {
  @Test("starts, says where things are, and leaves nothing", arguments: [true, false])
  func startAndStop(userNamespace: Bool) async throws {
    var options = Machine.options(Machine.worldName())
    options.userNamespace = userNamespace
    let network = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
    let links = try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net").sorted()
    let world = try await World.start(options)
    #expect(!Leftovers(of: options.name).none, "the search must be able to find a running world")

    let ids = try await world.run(["sh", "-c", "id -u; id -G; hostname"], in: .node("one"), limit: .seconds(5))
    #expect(ids.text == "0\n0\none\n")
    let map = try await world.run(["cat", "/proc/self/uid_map"], in: .world, limit: .seconds(5))
    let words = map.text.split(separator: " ").map { $0.filter(\.isNumber) }
    #expect(words.count == 3 && UInt32(words[1]) == world.idMap(0))
    #expect((world.idMap(10001) == 10001) == !userNamespace)

    #expect(await world.stop())
    #expect(Leftovers(of: options.name).none)
    #expect(try await eventually { zombies().isEmpty })
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net") == network)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "/sys/class/net").sorted() == links)
  }

  @Test("keeps its nodes apart and lets them be linked")
  func nodes() async throws {
    let world = try await World.start(Machine.options(Machine.worldName()))
    let made = try await world.run(
      ["ip", "-batch", "-"], in: .world,
      input: Array("link add link-a netns one type veth peer name link-b\nlink set link-b netns two\n".utf8),
      limit: .seconds(5))
    #expect(made.status == 0, "\(made.errorText)")
    let first = try await world.run(["ip", "-o", "link", "show", "link-a"], in: .node("one"), limit: .seconds(5))
    let second = try await world.run(["ip", "-o", "link", "show", "link-b"], in: .node("two"), limit: .seconds(5))
    #expect(first.status == 0 && second.status == 0)
    let missing = try await world.run(["ip", "-o", "link", "show", "link-b"], in: .node("one"), limit: .seconds(5))
    #expect(missing.status != 0)

    _ = try await world.run(["ip", "netns", "add", "pod"], in: .node("one"), limit: .seconds(5))
    let pod = try await world.run(
      ["cat", "/proc/net/dev"], in: .network(node: "one", namespace: "pod"), limit: .seconds(5))
    #expect(pod.text.contains("lo:") && !pod.text.contains("link-a:"))
    let other = try await world.run(["true"], in: .network(node: "two", namespace: "pod"), limit: .seconds(5))
    #expect(other.status == 125)
    let forward = try await world.run(["cat", "/proc/sys/net/ipv4/ip_forward"], in: .node("two"), limit: .seconds(5))
    #expect(forward.text == "1\n")
    let processes = try await world.run(["sh", "-c", "echo /proc/[0-9]*"], in: .node("one"), limit: .seconds(5))
    #expect(processes.text.split(separator: " ").count == 2, "init and the shell: \(processes.text)")
    #expect(await world.stop())
  }

  @Test("shows nothing of the host but what it was given")
  func outside() async throws {
    let world = try await World.start(Machine.options(Machine.worldName()))
    for path in ["/etc/shadow", "/root/.bashrc", "/home", "/tmp", "/dev/vda", "/dev/kmsg", "/boot"] {
      let seen = try await world.run(["sh", "-c", "ls -A \(path) 2>/dev/null"], in: .node("one"), limit: .seconds(5))
      #expect(seen.output.isEmpty, "\(path): \(seen.text)")
    }
    let probe = "/usr/bulkhead-\(world.name)"
    let write = try await world.run(["touch", probe], in: .node("one"), limit: .seconds(5))
    #expect(write.status != 0 && access(probe, F_OK) != 0)
    let pattern = try await world.run(
      ["sh", "-c", ": >> /proc/sys/kernel/core_pattern"], in: .node("one"), limit: .seconds(5))
    #expect(pattern.status != 0)
    let mounts = try await world.run(["cat", "/proc/self/mountinfo"], in: .node("one"), limit: .seconds(5))
    #expect(!mounts.text.contains(" /.."), "no cgroup mount of the host may be visible")
    let environment = try await world.run(["env"], in: .world, limit: .seconds(5))
    #expect(
      Set(environment.text.split(separator: "\n").map { String($0.prefix { $0 != "=" }) }).isSubset(of: [
        "PATH", "HOME", "LANG", "PWD", "_", "SHLVL",
      ]))
    #expect(await world.stop())
  }

  @Test("passes input, output and status on, and keeps limits")
  func commands() async throws {
    let world = try await World.start(Machine.options(Machine.worldName(), nodes: ["n"]))
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(try await world.run(["cat"], in: .node("n"), input: bytes, limit: .seconds(10)).output == bytes)
    let loud = try await world.run(["sh", "-c", "echo out; echo err >&2; exit 7"], in: .node("n"), limit: .seconds(5))
    #expect(loud == CommandResult(status: 7, output: Array("out\n".utf8), errorText: "err\n"))
    #expect(try await world.run(["sh", "-c", "kill -9 $$"], in: .node("n"), limit: .seconds(5)).status == 137)
    #expect(try await world.run(["/no/such"], in: .node("n"), limit: .seconds(5)).status == 127)
    let endless = try await world.run(["sh", "-c", "sleep 1000 & wait"], in: .node("n"), limit: .milliseconds(100))
    #expect(endless.status == 124)
    let gone = try await eventually {
      try await world.run(["pgrep", "sleep"], in: .node("n"), limit: .seconds(5)).output.isEmpty
    }
    #expect(gone, "the limit ends the whole process group")
    await #expect(throws: (any Error).self) {
      try await world.run(["true"], in: .node("other"), limit: .seconds(5))
    }
    #expect(await world.stop())
    await #expect(throws: (any Error).self) { try await world.run(["true"], in: .node("n"), limit: .seconds(5)) }
  }

  @Test("hands descriptors to long-lived commands and reports their end")
  func spawning() async throws {
    let world = try await World.start(Machine.options(Machine.worldName(), nodes: ["n"]))
    let (input, output) = (try makePipe(), try makePipe())
    let process = try await world.spawn(
      ["sh", "-c", "read line; echo \"got $line\"; echo trouble >&2; exit 3"], in: .node("n"), input: input.read,
      output: output.write)
    #expect(process.status == nil)
    #expect(write(input.write, "hello\n", 6) == 6)
    #expect(try await process.wait(limit: .seconds(5)) == 3)
    // All other holders of the write end are gone, so the end of the stream comes.
    let said = FileHandle(fileDescriptor: output.read, closeOnDealloc: true).readDataToEndOfFile()
    #expect(String(decoding: said, as: UTF8.self) == "got hello\n")
    #expect(try await eventually { process.errorText == "trouble\n" })
    close(input.write)

    let service = try await world.service(["sh", "-c", "echo ready; cat"], in: .node("n"), expectingLine: true)
    #expect(service.status == nil)
    service.terminate()
    #expect(try await service.wait(limit: .seconds(5)) == 137)
    await #expect(throws: (any Error).self) {
      try await world.service(["sh", "-c", "exit 1"], in: .node("n"), expectingLine: true)
    }
    #expect(await world.stop())
    #expect(try await eventually { zombies().isEmpty })
  }

  @Test("reports the ends of orphans with code and signal")
  func orphans() async throws {
    let world = try await World.start(Machine.options(Machine.worldName()))
    // Each waits until it is an orphan: before, the shell that started it could be the one to reap it.
    let orphan = "while [ $(cut -d ' ' -f 4 /proc/$$/stat) != 1 ]; do :; done"
    let script = """
      sh -c '\(orphan.replacing("'", with: "\""))\nexit 5' >/dev/null & echo $!
      sh -c '\(orphan.replacing("'", with: "\""))\nkill -11 $$' >/dev/null & echo $!
      """
    let started = try await world.run(["sh", "-c", script], in: .node("two"), limit: .seconds(5))
    let pids = started.text.split(separator: "\n").compactMap { Int32($0) }
    try #require(pids.count == 2, "\(started)")
    var seen: [ProcessExit] = []
    for await exit in world.exits {
      seen.append(exit)
      if seen.count == 2 { break }
    }
    #expect(seen.allSatisfy { $0.node == "two" && pids.contains($0.pid) })
    #expect(Set(seen.map { "\($0.ending)" }) == ["exited(5)", "signalled(11)"])
    #expect(await world.stop())
  }

  @Test("says why it could not be started, and leaves nothing then")
  func failure() async throws {
    var options = Machine.options(Machine.worldName())
    options.tools["missing"] = "/no/such/file"
    let error = await #expect(throws: (any Error).self) { try await World.start(options) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("/no/such/file"))
    #expect(Leftovers(of: options.name).none)
    options.tools = [:]
    options.initPath = "/no/such/program"
    await #expect(throws: (any Error).self) { try await World.start(options) }
    options.name = "../x"
    await #expect(throws: (any Error).self) { try await World.start(options) }
  }
}
