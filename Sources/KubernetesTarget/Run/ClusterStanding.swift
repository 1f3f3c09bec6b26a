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
    return of(try await workloads(of: plan, client), postures: postures.mapValues(PostureText.of), digest: digest)
  }

  /// Who of a plan's workloads has sidecars by this plan, and who by another one, which took them since.
  package static func enrolled(
    _ plan: Plan, digest: String, _ client: KubernetesClient
  ) async throws -> (own: [ObjectReference], foreign: [ObjectReference]) {
    let touched = try await workloads(of: plan, client).filter { isEnrolled($0.object) }
    return split(touched, digest: digest)
  }

  /// Who does not say whose they are is left to nobody else: nothing that was enrolled may stay unnoticed.
  static func split(_ enrolled: [Live], digest: String) -> (own: [ObjectReference], foreign: [ObjectReference]) {
    func isOwn(_ live: Live) -> Bool {
      let plan = live.object?[path: "metadata", "annotations"]?[ClusterNames.plan]?.string
      return plan == nil || plan == digest
    }
    return (enrolled.filter(isOwn).map(\.id), enrolled.filter { !isOwn($0) }.map(\.id))
  }

  typealias Live = (id: ObjectReference, object: DocumentValue?)

  private static func isEnrolled(_ object: DocumentValue?) -> Bool {
    object?[path: "spec", "template", "metadata", "labels"]?[ClusterNames.revision] != nil
  }

  private static func workloads(of plan: Plan, _ client: KubernetesClient) async throws -> [Live] {
    var live: [Live] = []
    for id in Set(plan.waves.flatMap(\.workloads)).sorted() {
      guard let name = WorkloadKinds.name(of: id) else {
        live.append((id, nil))
        continue
      }
      do {
        live.append((id, try await client.get(name)))
      } catch let failure as APIFailure where failure.kind == .notFound {
        live.append((id, nil))
      } catch let failure as APIFailure where failure.kind == .forbidden {
        guard try await client.isGone(namespace: id.namespace) else { throw failure }
        live.append((id, nil))
      }
    }
    return live
  }

  /// - Parameter postures: as the plan leaves them, in the words of their annotation.
  static func of(
    _ live: [(id: ObjectReference, object: DocumentValue?)], postures: [ObjectReference: String], digest: String
  ) -> ClusterStanding {
    let touched = live.filter { isEnrolled($0.object) }
    guard !touched.isEmpty else { return .untouched }
    let isDone = live.allSatisfy { id, object in
      object?[path: "metadata", "annotations"]?[ClusterNames.plan]?.string == digest
        && object?[path: "spec", "template", "metadata", "annotations"]?[ClusterNames.posture]?.string == postures[id]
    }
    return isDone ? .done : .other(touched.map(\.id))
  }
}
