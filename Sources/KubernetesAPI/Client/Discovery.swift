import FleetModel

/// Which kinds a server has.
package struct Discovery: Sendable {
  package var resources: [APIResource] = []
  /// Groups that did not answer, and why: nothing is known of their kinds.
  package var failures: [(group: String, why: String)] = []

  package init() {}

  /// The kind of a group, if the server has it.
  package func resource(_ kind: String, group: String) -> APIResource? {
    resources.first { $0.kind == kind && $0.group == group }
  }
}

extension KubernetesClient {
  /// All kinds that can be listed, of the core and of each group that is wanted; of several versions the one that the
  /// server prefers. Sorted.
  package func discover(_ wants: @Sendable (String) -> Bool) async throws -> Discovery {
    var discovery = Discovery()
    discovery.resources = Self.resources(try await read("/api/v1"), group: "", version: "v1")
    let groups = try await read("/apis")["groups"]?.elements ?? []
    let wanted = groups.prefix(2_000).filter { wants($0["name"]?.string ?? "") }
    let answers = try await withThrowingTaskGroup(of: Discovery.self) { tasks -> [Discovery] in
      for group in wanted { tasks.addTask { try await self.kinds(group) } }
      var answers: [Discovery] = []
      for try await answer in tasks { answers.append(answer) }
      return answers
    }
    for answer in answers {
      discovery.resources += answer.resources
      discovery.failures += answer.failures
    }
    discovery.resources.sort()
    discovery.failures.sort { $0.group < $1.group }
    return discovery
  }

  private func kinds(_ group: DocumentValue) async throws -> Discovery {
    var discovery = Discovery()
    let name = group["name"]?.string ?? ""
    var known: Set<String> = []
    for version in Self.versions(group).prefix(20) {
      do {
        let answer = try await read("/apis/\(APIRequest.encoded(name))/\(APIRequest.encoded(version))")
        for resource in Self.resources(answer, group: name, version: version)
        where known.insert(resource.kind).inserted {
          discovery.resources.append(resource)
        }
      } catch let failure as APIFailure where failure.kind != .unreachable && failure.kind != .unauthenticated {
        // An aggregated API whose server is away answers with 503, or not at all.
        discovery.failures.append((name, failure.message))
        // What did not answer in its time will not do so for twenty versions either.
        if failure.kind == .interrupted { break }
      }
    }
    return discovery
  }

  /// The preferred version first. Of autoscalers the newest, since `v1` keeps all metrics but one in an annotation.
  static func versions(_ group: DocumentValue) -> [String] {
    let all = (group["versions"]?.elements ?? []).compactMap { $0["version"]?.string }
    guard group["name"]?.string != "autoscaling" else {
      let order = ["v2", "v2beta2", "v2beta1", "v1"]
      return order.filter(all.contains) + all.filter { !order.contains($0) }
    }
    let preferred = all.filter { $0 == group["preferredVersion"]?["version"]?.string }
    return preferred.prefix(1) + all.filter { !preferred.contains($0) }
  }

  static func resources(_ list: DocumentValue, group: String, version: String) -> [APIResource] {
    (list["resources"]?.elements ?? []).prefix(5_000).compactMap { entry in
      guard let plural = entry["name"]?.string, !plural.contains("/"), let kind = entry["kind"]?.string,
        entry["verbs"]?.strings.contains("list") == true,
        plural.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E })
      else { return nil }
      return APIResource(
        group: group, version: version, kind: kind, plural: plural, isNamespaced: entry["namespaced"]?.bool ?? false)
    }
  }
}
