import Diagnostics
import Foundation
import Glibc
import Intake
import Testing

struct LoaderTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("intake-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func write(_ path: String, _ text: String = "a") throws {
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  @Test func foldersAreReadSortedAndRecursively() throws {
    try withFolder { folder in
      for name in ["b.yaml", "a.yml", "sub/c.json", "notes.txt", "sub/d.yaml.bak"] {
        try write("\(folder)/\(name)", name)
      }
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/sub/circle", withDestinationPath: folder)
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/link.yaml", withDestinationPath: "b.yaml")
      let sources = try InputLoader.load([folder + "/"])
      #expect(sources.map { $0.name.dropFirst(folder.count + 1) } == ["a.yml", "b.yaml", "link.yaml", "sub/c.json"])
      #expect(sources.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a.yml", "b.yaml", "b.yaml", "sub/c.json"])
      // A file that is named is read whatever it is called.
      #expect(try InputLoader.load(["\(folder)/notes.txt"]).count == 1)
    }
  }

  @Test func whatIsNoFileIsRefused() throws {
    try withFolder { folder in
      #expect(mkfifo("\(folder)/pipe.yaml", 0o600) == 0)
      for path in ["\(folder)/pipe.yaml", "\(folder)/absent", folder, "/dev/zero"] {
        let error = #expect(throws: BulkheadError.self) { try InputLoader.load([path]) }
        #expect(error?.exit == .badInput && error?.cure.isEmpty == false)
      }
      #expect(throws: BulkheadError.self) { try InputLoader.load(["-", "-"]) }
      // In a folder, what is no plain file is passed over.
      try write("\(folder)/a.yaml")
      #expect(try InputLoader.load([folder]).count == 1)
    }
  }

  @Test func aFileBeyondTheLimitIsRefused() throws {
    try withFolder { folder in
      #expect(FileManager.default.createFile(atPath: "\(folder)/big.yaml", contents: nil))
      #expect(truncate("\(folder)/big.yaml", IntakeLimits.fileBytes + 1) == 0)
      let error = #expect(throws: BulkheadError.self) { try InputLoader.load(["\(folder)/big.yaml"]) }
      #expect(error?.exit == .badInput)
    }
  }
}
