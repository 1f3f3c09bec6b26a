import Foundation
import Testing

/// Images made without a container daemon. Whether they run is shown on the cluster.
@Suite("An image")
struct ImageTests {
  private func make(_ words: [String]) async throws -> Tool.Ending {
    try await Tool.run([Tool.script("image")] + words)
  }

  @Test("of the same programs has the same bytes, and holds them with their libraries and nothing else")
  func deterministic() async throws {
    try await withFolder { folder in
      for file in ["one.tar", "two.tar"] {
        let ending = try await make(["example.test/true:1", "/bin/true", "-o", "\(folder)/\(file)"])
        #expect(ending.code == 0, "\(ending.messages)")
      }
      let one = try Data(contentsOf: URL(filePath: folder + "/one.tar"))
      #expect(one == (try Data(contentsOf: URL(filePath: folder + "/two.tar"))))
      let names = try await Tool.run(["/bin/tar", "tf", folder + "/one.tar"]).output.split(separator: "\n").map(
        String.init)
      let layer = try #require(names.first { $0.hasSuffix(".tar") })
      _ = try await Tool.run(["/bin/tar", "xf", folder + "/one.tar", "-C", folder])
      let files = try await Tool.run(["/bin/tar", "tvf", "\(folder)/\(layer)"]).output.split(separator: "\n")
        .map(String.init).filter { !$0.hasPrefix("d") }
      #expect(files.contains { $0.hasSuffix(" usr/local/bin/true") && $0.hasPrefix("-rwxr-xr-x 0/0") })
      #expect(files.contains { $0.hasSuffix("/libc.so.6") })
      #expect(files.contains { $0.contains("ld-linux") })
      #expect(files.allSatisfy { $0.contains("1970-01-01 00:00") })
      let manifest = try await Tool.run(["/bin/tar", "xOf", folder + "/one.tar", "manifest.json"]).output
      #expect(manifest.contains(#""RepoTags":["example.test/true:1"]"#))
    }
  }

  @Test(
    "is refused with a cure",
    arguments: [
      (["true", "/bin/true"], 64), (["example.test/true", "/bin/true"], 64), (["example.test/x:1", "/bin/none"], 65),
      (["example.test/x:1", "/etc/passwd"], 65), (["example.test/x:1", "/bin/true", "--entrypoint", "false"], 64),
      (["example.test/x:1", "/bin/true", "--file", "/etc/passwd=../up"], 64),
      (["example.test/x:1", "/usr/bin/ldd"], 65),
    ] as [([String], Int32)])
  func refused(_ words: [String], _ code: Int32) async throws {
    try await withFolder { folder in
      let ending = try await make(words + ["-o", folder + "/image.tar"])
      #expect(ending.code == code)
      #expect(ending.messages.contains("cure:"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }
}
