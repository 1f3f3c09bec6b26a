import Foundation

/// A fresh folder, removed at the end.
struct Folder: Sendable {
  let path: String

  static func with<Result>(_ body: (Folder) async throws -> Result) async throws -> Result {
    let url = FileManager.default.temporaryDirectory.appending(path: "rehearsal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(Folder(path: url.path))
  }

  /// With the small fleet's manifests in it.
  static func withFleet<Result>(_ body: (Folder) async throws -> Result) async throws -> Result {
    try await with { folder in
      try folder.write("fleet/small.yaml", SmallFleet.manifests)
      try folder.write("fleet/" + SmallFleet.hostileFileName, SmallFleet.hostile)
      return try await body(folder)
    }
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Data(text.utf8)) }

  @discardableResult
  func write(_ name: String, _ data: Data) throws -> String {
    let url = URL(filePath: path).appending(path: name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
    return url.path
  }

  func data(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path).appending(path: name)) }
  func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }
  func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }
}
