import Diagnostics
package import FleetModel
package import KubernetesAPI

/// Asks the cluster whose token it is.
package enum TokenReview {
  package struct Bearer: Sendable, Equatable {
    package var namespace: String
    package var serviceAccount: String
    package var pod: String
    package var uid: String
  }

  /// - Throws: `BulkheadError(.notPermitted)` for a token that is nobody's, for another audience, or of no pod.
  package static func bearer(of token: String, _ client: KubernetesClient) async throws -> Bearer {
    let object = DocumentValue.map([
      "apiVersion": .string("authentication.k8s.io/v1"), "kind": .string("TokenReview"),
      "metadata": .mapping([]),
      "spec": .map(["token": .string(token), "audiences": .texts([ClusterNames.audience])]),
    ])
    let name = ObjectName(.tokenReviews, namespace: nil, name: "review")
    return try read(try await client.create(object, as: name, request: "review"))
  }

  package static func read(_ review: DocumentValue) throws -> Bearer {
    func refused(_ why: String) -> BulkheadError {
      BulkheadError(
        .notPermitted, "the token is not taken: \(why)", cure: "project a token for the audience 'bulkhead'")
    }
    let status = review["status"] ?? .mapping([])
    guard status["authenticated"]?.bool == true else {
      throw refused((status["error"]?.string ?? "it is nobody's").safeForTerminal)
    }
    // A server that knows no audiences says nothing about them, and would take any token.
    guard status["audiences"]?.strings.contains(ClusterNames.audience) == true else {
      throw refused("it is for somebody else")
    }
    let user = status["user"] ?? .mapping([])
    let parts = (user["username"]?.string ?? "").split(separator: ":", omittingEmptySubsequences: false).map(
      String.init)
    guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" else {
      throw refused("it is no service account's")
    }
    let extra = user["extra"] ?? .mapping([])
    guard let pod = extra["authentication.kubernetes.io/pod-name"]?.strings.first,
      let uid = extra["authentication.kubernetes.io/pod-uid"]?.strings.first, !uid.isEmpty
    else { throw refused("it is bound to no pod") }
    return Bearer(namespace: parts[2], serviceAccount: parts[3], pod: pod, uid: uid)
  }
}
