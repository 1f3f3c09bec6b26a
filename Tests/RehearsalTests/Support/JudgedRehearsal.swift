import Foundation

extension Program {
  /// A rehearsal that is to end with a verdict. One of which the program itself says that the machine's host took its
  /// processors meanwhile has none, and begins again, twice at most.
  static func rehearse(_ arguments: [String], in folder: Folder) async throws -> Ending {
    for _ in 1...2 {
      let ending = try await run(arguments, in: folder)
      let reason = try? RunContract(folder, "out").waves.last?.reason
      guard let reason, reason.contains("processors to others") else { return ending }
      print("rehearsed again, because \(reason)")
      try FileManager.default.removeItem(atPath: "\(folder.path)/out")
    }
    return try await run(arguments, in: folder)
  }
}
