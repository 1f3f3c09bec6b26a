import Foundation

extension Program {
  /// A rehearsal that is to end with a verdict. One of which the program itself says that the machine's host took its
  /// processors meanwhile has none, and begins again, twice at most.
  static func rehearse(_ arguments: [String], in folder: Folder) async throws -> Ending {
    for _ in 1...2 {
      let ending = try await run(arguments, in: folder)
      guard let reason = disturbance(in: folder) else { return ending }
      print("rehearsed again, because \(reason)")
      try FileManager.default.removeItem(atPath: "\(folder.path)/out")
    }
    return try await run(arguments, in: folder)
  }

  /// What the last wave says of the machine's host, if it says that it has no verdict because of it.
  static func disturbance(in folder: Folder) -> String? {
    let reason = try? RunContract(folder, "out").waves.last?.reason
    return reason.flatMap { $0.contains("processors to others") ? $0 : nil }
  }
}
