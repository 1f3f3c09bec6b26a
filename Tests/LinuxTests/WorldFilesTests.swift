import Foundation
import Glibc
import Linux
import Testing

@Suite("Files of a world", .serialized, .enabled(if: Machine.isRoot, "worlds are made by root"))
struct WorldFilesTests {
  @Test("written from outside, are read inside with the ids of the inside", arguments: [true, false])
  func writing(userNamespace: Bool) async throws {
    var options = Machine.options(Machine.worldName(), nodes: ["n"])
    options.userNamespace = userNamespace
    let world = try await World.start(options)
    try world.write([
      .folder("nodes/n/var/lib/app", mode: 0o750, uid: 5, gid: 6),
      WorldFile(path: "nodes/n/var/lib/app/secret", bytes: Array("hello".utf8), mode: 0o640, uid: 10001, gid: 77),
    ])
    let path = "\(World.directory)/nodes/n/var/lib/app"
    let seen = try await world.run(
      ["sh", "-c", "stat -c '%a %u %g' \(path) \(path)/secret /run/bulkhead/nodes/n/var; cat \(path)/secret"],
      in: .node("n"), limit: .seconds(5))
    #expect(seen.text == "750 5 6\n640 10001 77\n755 0 0\nhello")
    try world.write([WorldFile(path: "nodes/n/var/lib/app/secret", bytes: Array("again".utf8))])
    #expect(world.read("nodes/n/var/lib/app/secret") == Array("again".utf8))

    _ = try await world.run(["sh", "-c", "echo back > \(path)/answer"], in: .node("n"), limit: .seconds(5))
    #expect(world.read("nodes/n/var/lib/app/answer") == Array("back\n".utf8))
    world.remove("nodes/n/var")
    let gone = try await world.run(["ls", "-A", "\(World.directory)/nodes/n"], in: .node("n"), limit: .seconds(5))
    #expect(gone.output.isEmpty)
    world.remove("nodes/n/var")
    #expect(world.read("nodes/n/var/lib/app/answer") == nil)
    await world.stop()
    #expect(throws: (any Error).self) { try world.write([WorldFile(path: "x", bytes: [])]) }
  }

  @Test("are never reached through links that a container planted")
  func links() async throws {
    let outside = FileManager.default.temporaryDirectory.appendingPathComponent(Machine.worldName())
    try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: outside) }
    try "host".write(to: outside.appendingPathComponent("file"), atomically: true, encoding: .utf8)
    let world = try await World.start(Machine.options(Machine.worldName(), nodes: ["n"]))
    let planted = """
      cd /run/bulkhead/nodes/n
      ln -s \(outside.path) folder; ln -s \(outside.path)/file link; ln -s ../../../../../.. up; mkfifo pipe
      """
    let result = try await world.run(["sh", "-ec", planted], in: .node("n"), limit: .seconds(5))
    #expect(result.status == 0, "\(result.errorText)")

    #expect(throws: (any Error).self) { try world.write([WorldFile(path: "nodes/n/folder/new", bytes: [1])]) }
    #expect(throws: (any Error).self) { try world.write([WorldFile(path: "nodes/n/../../../x", bytes: [1])]) }
    #expect(world.read("nodes/n/folder/file") == nil)
    #expect(world.read("nodes/n/link") == nil)
    #expect(world.read("nodes/n/up/etc/passwd") == nil)
    #expect(world.read("nodes/n/pipe") == nil, "a pipe must not block the reader")
    // A file in a link's place replaces the link, not what it points to.
    try world.write([WorldFile(path: "nodes/n/link", bytes: [7])])
    world.remove("nodes/n/folder")
    world.remove("nodes/n/up")
    #expect(try String(contentsOf: outside.appendingPathComponent("file"), encoding: .utf8) == "host")
    #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == ["file"])
    #expect(await world.stop())
  }
}
