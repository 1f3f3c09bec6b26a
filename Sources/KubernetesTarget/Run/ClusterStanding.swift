package import FleetModel
package import KubernetesAPI
package import Planning

/// What earlier runs have left on a plan's workloads. Only reads.
package enum ClusterStanding: Sendable, Equatable {
  /// None of them has a sidecar of Bulkhead's.
  case untouched
  /// All of them stand as this very plan leaves them.
  case done
  /// Some were enrolled by something else, or half-way.
  case other([ObjectReference])

  package static func of(_ plan: Plan, digest: String, _ client: KubernetesClient) async throws -> ClusterStanding {
    let postures = plan.postures(before: plan.waves.count)
    var live: [(id: ObjectReference, object: DocumentValue?)] = []
    for id in Set(plan.waves.flatMap(\.workloads)).sorted() {
      guard let name = WorkloadKinds.name(of: id) else {
        live.append((id, nil))
        continue
      }
      do {
        live.append((id, try await client.get(name)))
      } catch let failure as APIFailure where failure.kind == .notFound {
        live.append((id, nil))
      }
    }
    return of(live, postures: postures.mapValues(PostureText.of), digest: digest)
  }

  /// - Parameter postures: as the plan leaves them, in the words of their annotation.
  static func of(
    _ live: [(id: ObjectReference, object: DocumentValue?)], postures: [ObjectReference: String], digest: String
  ) -> ClusterStanding {
    let touched = live.filter {
      $0.object?[path: "spec", "template", "metadata", "labels"]?[ClusterNames.revision] != nil
    }
    guard !touched.isEmpty else { return .untouched }
    let isDone = live.allSatisfy { id, object in
      object?[path: "metadata", "annotations"]?[ClusterNames.plan]?.string == digest
        && object?[path: "spec", "template", "metadata", "annotations"]?[ClusterNames.posture]?.string == postures[id]
    }
    return isDone ? .done : .other(touched.map(\.id))
  }
}
