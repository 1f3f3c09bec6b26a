import Foundation
import Testing

@testable import Twin

@Suite struct BundleWriterTests {
  private func inTemporaryFolder(_ body: (URL, BundleWriter) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bulkhead-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder, BundleWriter(directory: folder.path, idMap: { _ in getuid() }))
  }

  @Test func writesTwiceWithoutHarm() throws {
    try inTemporaryFolder { folder, writer in
      let bundle = try bundle(restrictedPod())
      try writer.write(bundle)
      let kept = folder.appending(path: "pods/shop/volumes/bulkhead-tmp/kept")
      try "x".write(to: kept, atomically: true, encoding: .utf8)
      try writer.write(bundle)
      #expect(FileManager.default.fileExists(atPath: kept.path), "a restarted container finds its volumes as they were")
      let root = folder.appending(path: "pods/shop/shop-app/root")
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: root.path + "/bin") == "usr/bin")
      let mode = try FileManager.default.attributesOfItem(atPath: root.path + "/tmp")[.posixPermissions] as? Int
      #expect(mode == 0o1777)
      #expect(FileManager.default.fileExists(atPath: folder.path + "/pods/shop/shop-app/config.json"))
    }
  }

  /// A container that can write to its node puts a link there and waits for somebody with more rights to follow it.
  @Test func neverFollowsAPlantedLink() throws {
    try inTemporaryFolder { folder, writer in
      let outside = folder.appending(path: "outside")
      let node = folder.appending(path: "nodes/node-1")
      try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
      try FileManager.default.createDirectory(at: node, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(at: node.appending(path: "var"), withDestinationURL: outside)
      let path = NodePath(node: "node-1", path: "/var/lib", kind: .directory, created: true)
      #expect(try writer.prepare([path]) == [path])
      #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == [])
    }
  }

  @Test func makesWhatTheKubeletMakesAndNamesWhatIsMissing() throws {
    try inTemporaryFolder { folder, writer in
      let made = NodePath(node: "node-1", path: "/var/lib/a", kind: .directory, created: true)
      let file = NodePath(node: "node-1", path: "/etc/b.conf", kind: .file, created: true)
      let socket = NodePath(node: "node-1", path: "/run/c.sock", kind: .socket, created: false)
      let missing = try writer.prepare([made, file, socket])
      #expect(missing == [socket])
      #expect(FileManager.default.fileExists(atPath: folder.path + "/nodes/node-1/var/lib/a"))
      #expect(FileManager.default.fileExists(atPath: folder.path + "/nodes/node-1/etc/b.conf"))
      let missingLater = try writer.prepare([made, file])
      #expect(missingLater.isEmpty)
    }
  }
}
