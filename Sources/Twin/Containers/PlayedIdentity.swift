import FleetModel
import IntentModel

/// The user and groups a container gets in the world, whose id space may be smaller than a cluster's.
struct PlayedIdentity {
  private(set) var user: OCISpec.User
  private(set) var assumptions: [String] = []

  init(_ request: ContainerRequest) {
    let security = request.security
    let limit = request.traits.idLimit
    let groups = security.groups.map { Self.fold($0, limit: limit) }
    user = OCISpec.User(
      uid: Self.fold(security.uid, limit: limit), gid: Self.fold(security.gid, limit: limit),
      additionalGids: groups.isEmpty ? nil : groups)
    let large = ([security.uid, security.gid] + security.groups).filter { $0 >= limit }
    for id in Set(large).sorted() {
      assumptions.append("\(security.name): id \(id) is played as \(Self.fold(id, limit: limit))")
    }
    let context = request.container.securityContext
    if context.runAsUser == nil, request.pod.securityContext.runAsUser == nil {
      assumptions.append("\(security.name): no runAsUser, so its image is taken to run as user \(security.uid)")
    }
  }

  /// Large ids (OpenShift gives ranges from 1,000,000,000 on) land in 10000…59999: never root, never the sidecar.
  static func fold(_ id: Int, limit: Int) -> Int { id < limit ? id : 10_000 + id % 50_000 }
}
