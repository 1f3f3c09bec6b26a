import Diagnostics
import FleetModel
package import KubernetesAPI

/// Texts of any length in ConfigMaps, in parts that an API server takes.
package struct ClusterTexts: Sendable {
  private static let partBytes = 900_000
  private static let partLimit = 64
  private static let count = "bulkhead.dev/parts"
  private static let key = "text"

  private let client: KubernetesClient
  private let owner: RolloutOwner

  package init(_ client: KubernetesClient, _ owner: RolloutOwner) { (self.client, self.owner) = (client, owner) }

  /// Nil where there is none.
  package func read(_ what: String) async throws -> String? {
    guard let first = try await part(what, 0) else { return nil }
    let parts = first[path: "metadata", "annotations", Self.count]?.string.flatMap { Int($0) } ?? 1
    var text = first[path: "data", Self.key]?.string ?? ""
    guard parts <= Self.partLimit else { throw incomplete(what) }
    for index in 1..<max(1, parts) {
      guard let next = try await part(what, index)?[path: "data", Self.key]?.string else { throw incomplete(what) }
      text += next
    }
    return text
  }

  /// The first part is written last: where it is, all of them are.
  package func write(_ text: String, as what: String) async throws {
    let parts = Self.parts(text)
    guard parts.count <= Self.partLimit else {
      throw BulkheadError(
        .configuration, "\(what) has more than \(Self.partLimit * Self.partBytes) bytes, too many for the cluster",
        cure: "carry this plan out from the command line: bulkhead rollout start")
    }
    // Those of somebody else are not written over.
    _ = try await part(what, 0)
    for (index, part) in parts.enumerated().reversed() {
      let name = owner.configMap("\(what)-\(index)")
      let notes = index == 0 ? [Self.count: "\(parts.count)"] : [:]
      _ = try await client.apply(owner.object(name, data: [Self.key: part], annotations: notes), to: name)
    }
  }

  private func part(_ what: String, _ index: Int) async throws -> DocumentValue? {
    do {
      let name = owner.configMap("\(what)-\(index)")
      let live = try await client.get(name)
      guard owner.owns(live) else { throw owner.foreign(name) }
      return live
    } catch let failure as APIFailure where failure.kind == .notFound {
      return nil
    }
  }

  private func incomplete(_ what: String) -> BulkheadError {
    BulkheadError(
      .journalDamaged, "parts of the ConfigMaps rollout-\(owner.name)-\(what)-* are missing",
      cure: "look who removed them; put the workloads back by hand")
  }

  /// Cut between characters.
  static func parts(_ text: String, bytes: Int = ClusterTexts.partBytes) -> [String] {
    var parts: [String] = []
    var rest = text.unicodeScalars[...]
    while rest.endIndex > rest.startIndex {
      let limit = text.utf8.index(rest.startIndex, offsetBy: bytes, limitedBy: text.endIndex) ?? text.endIndex
      var end = limit
      while end > rest.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
        end = text.utf8.index(before: end)
      }
      parts.append(String(text.unicodeScalars[rest.startIndex..<end]))
      rest = text.unicodeScalars[end...]
    }
    return parts.isEmpty ? [""] : parts
  }
}
