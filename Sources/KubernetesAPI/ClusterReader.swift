package import Diagnostics
package import Intake

/// Reads all that a cluster says about a fleet.
package struct ClusterReader: Sendable {
  /// What was read, and of which kinds.
  package struct Outcome: Sendable {
    package var objects: [ClusterObject] = []
    /// Kinds that could not be read.
    package var findings: [Finding] = []
    package var kinds = 0
    /// Kinds that could not be read: with `kinds` 0 nothing is known at all.
    package var refused: [APIFailure] = []

    package init() {}
  }

  private let client: KubernetesClient
  /// Nil for all namespaces.
  private let namespace: String?

  package init(_ client: KubernetesClient, namespace: String?) {
    (self.client, self.namespace) = (client, namespace)
  }

  /// Lists every kind that is read. A kind that the server does not have is passed over; one that may not be read is a
  /// finding, never an empty list.
  ///
  /// - Throws: when the server is not to be reached, or stops answering.
  package func read() async throws -> Outcome {
    let discovery = try await client.discover { Intake.reads(group: $0) }
    var outcome = Outcome()
    for (group, why) in discovery.failures {
      outcome.findings.append(
        Intake.notRead(
          "*.\(group)", "its server does not say which kinds it has (\(why))", cure: "see kubectl get apiservices"))
    }
    // Four at a time: enough to hide the waiting, and little enough for a server to bear.
    let resources = Self.wanted(discovery.resources)
    let answers = try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
      var answers = [Outcome](repeating: Outcome(), count: resources.count)
      var next = 0
      while next < min(4, resources.count) {
        let index = next
        group.addTask { (index, try await kind(resources[index])) }
        next += 1
      }
      while let (index, answer) = try await group.next() {
        answers[index] = answer
        guard next < resources.count else { continue }
        let following = next
        group.addTask { (following, try await kind(resources[following])) }
        next += 1
      }
      return answers
    }
    for answer in answers {
      outcome.objects += answer.objects
      outcome.findings += answer.findings
      outcome.kinds += answer.kinds
      outcome.refused += answer.refused
    }
    return outcome
  }

  /// The kinds that are read, each once: `extensions` repeats kinds of other groups.
  static func wanted(_ resources: [APIResource]) -> [APIResource] {
    let known = resources.filter { Intake.reads(kind: $0.kind, group: $0.group) }
    let elsewhere = Set(known.filter { $0.group != "extensions" }.map(\.kind))
    return known.filter { $0.group != "extensions" || !elsewhere.contains($0.kind) }
  }

  private func kind(_ resource: APIResource) async throws -> Outcome {
    var outcome = Outcome()
    let (kind, version) = (resource.kind, resource.apiVersion)
    let read: @Sendable (JSONItem) -> ClusterObject = { ClusterObject($0, kind: kind, apiVersion: version) }
    do {
      // Of secrets the names are enough, and what was not sent cannot leak.
      outcome.objects = try await client.list(
        resource, namespace: resource.isNamespaced ? namespace : nil, metadataOnly: resource.kind == "Secret", read
      ).items
      outcome.kinds = 1
    } catch let failure as APIFailure where Self.isOfTheKindAlone(failure) {
      if failure.kind == .forbidden, resource == .namespaces, let namespace,
        let own = try await ownNamespace(namespace, read)
      {
        outcome.objects = [own]
        outcome.kinds = 1
      }
      outcome.findings = [finding(failure, resource)]
      outcome.refused = [failure]
    }
    return outcome
  }

  /// Whether a failure is about one kind, not about the server: no right to it, or a conversion that fails.
  private static func isOfTheKindAlone(_ failure: APIFailure) -> Bool {
    switch failure.kind {
    // What discovery has just named and is not there has gone away, or is hidden: not the same as empty.
    case .forbidden, .notFound, .malformed, .server, .invalid, .tooLarge, .other: true
    default: false
    }
  }

  /// Who may not list all namespaces may often read their own.
  private func ownNamespace(
    _ name: String, _ read: @Sendable (JSONItem) -> ClusterObject
  ) async throws -> ClusterObject? {
    do {
      let value = try await client.get(ObjectName(.namespaces, namespace: nil, name: name))
      return (try? JSONItem.read(JSONText(value).bytes)).map(read)
    } catch is APIFailure {
      return nil
    }
  }

  private func finding(_ failure: APIFailure, _ resource: APIResource) -> Finding {
    let scope = resource.isNamespaced ? namespace.map { " in the namespace \($0)" } ?? " in all namespaces" : ""
    let right = "kubectl auth can-i list \(resource.name)\(resource.isNamespaced && namespace == nil ? " -A" : "")"
    guard failure.kind == .forbidden else {
      return Intake.notRead(resource.name, failure.message, cure: "try again; see kubectl get \(resource.name)")
    }
    return Intake.notRead(
      resource.name, "not read\(scope): listing them is not permitted",
      cure: "ask for the right to list \(resource.name); see \(right)")
  }
}
