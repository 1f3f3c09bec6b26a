import Diagnostics
import EnvoyMesh
import FleetModel
import Foundation
import KubernetesAPI
import KubernetesTarget
import Synchronization

/// The discovery server as it runs in a cluster: follows pods, services and its own ConfigMap, and serves sidecars.
package struct ClusterDiscovery: Sendable {
  package var access = ClusterAccess()
  /// Holds the authorities' keys, a file each.
  package var keys = "/run/keys"
  /// Whose pods it serves.
  package var namespaces: [String] = []

  package init() {}

  /// Serves until the task is cancelled.
  package func run(say: @escaping @Sendable (String) -> Void) async throws {
    let authority = try CertificateAuthority(keyPEM: try text("root.key"), rootPEM: try text("root.pem"))
    let credentials = try CertificateAuthority(
      keyPEM: try text("credentials.key"), rootPEM: try text("credentials.pem"))
    let key = try text("status-key")
    let namespaces = namespaces
    try await access.with(warn: say) { client in
      let document = try await Self.document(client, say)
      let settings = MeshDiscoverySettings(
        names: [ClusterNames.serverName], statusKey: key, trustDomain: document.trustDomain)
      let server = MeshDiscovery(settings, authority: authority, credentials: credentials) { token in
        let bearer = try await TokenReview.bearer(of: token, client)
        guard namespaces.contains(bearer.namespace) else {
          throw BulkheadError(.notPermitted, "the namespace \(bearer.namespace) is not enrolled")
        }
        return PodClaim(
          namespace: bearer.namespace, pod: bearer.pod, uid: bearer.uid, serviceAccount: bearer.serviceAccount)
      }
      let picture = SharedPicture(ClusterPicture(document, of: namespaces))
      do {
        try await follow(client, picture, server, say)
      } catch {
        await Task { await server.stop() }.value
        throw error
      }
    }
  }

  private func text(_ name: String) throws -> String {
    do {
      return try String(contentsOfFile: "\(keys)/\(name)", encoding: .utf8).trimmingCharacters(in: .newlines)
    } catch {
      throw BulkheadError(
        .configuration, "the key file \(keys)/\(name) cannot be read", cure: "name the folder of the keys with --keys",
        cause: error)
    }
  }

  private static let documentName = ObjectName(
    .configMaps, namespace: ClusterNames.namespace, name: ClusterNames.meshDocument)

  /// A server that is away is waited for: the kubelet would begin again minutes after it is back.
  private static func document(
    _ client: KubernetesClient, _ say: @Sendable (String) -> Void
  ) async throws -> MeshDocument {
    var isWaiting = false
    while true {
      do {
        let map = try await client.get(documentName)
        return try MeshDocument.read(map[path: "data", ClusterNames.meshDocumentKey]?.string ?? "")
      } catch let failure as APIFailure where failure.isTransient {
        if !isWaiting { say("\(documentName) cannot be read yet: \(failure)") }
        isWaiting = true
        try await Task.sleep(for: .seconds(5))
      }
    }
  }

  private func follow(
    _ client: KubernetesClient, _ picture: SharedPicture, _ server: MeshDiscovery,
    _ say: @escaping @Sendable (String) -> Void
  ) async throws {
    let (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for place in ClusterPicture.places(in: namespaces) {
        group.addTask {
          try await client.followThrough(place.resource, namespace: place.namespace) { failure in
            let uid = picture.now.document.namespaces?[place.namespace]
            if (try? await client.isGone(namespace: place.namespace, uid: uid)) == true {
              guard picture.edit({ $0.lose(place) }) else { return }
              say("\(place) are gone with the namespace")
              signal.yield()
            } else if picture.edit({ $0.fail(place, failure.kind) }) {
              say("\(place) cannot be read: \(failure)")
            }
          } _: { change in
            if picture.edit({ $0.take(change, place) }) { say("\(place) can be read again") }
            signal.yield()
          }
        }
      }
      group.addTask {
        let name = Self.documentName
        try await client.followThrough(name.resource, namespace: name.namespace, named: name.name) { failure in
          if picture.edit({ $0.failDocument(failure.kind) }) { say("\(name) cannot be read: \(failure)") }
        } _: { change in
          do {
            if try picture.edit({ try $0.takeDocument(change) }) { signal.yield() }
          } catch {
            // The last one that could be read counts.
            say("\(error)")
          }
        }
      }
      group.addTask { try await Self.publish(changes, picture, server, say) }
      // A fault that is over ends without a change of anything.
      group.addTask {
        while true {
          try await Task.sleep(for: .seconds(1))
          if picture.now.document.hasFaults { signal.yield() }
        }
      }
      _ = try await group.next()
      group.cancelAll()
    }
  }

  /// The ports are opened once everything has been read: a pod that is not known yet would be turned away.
  private static func publish(
    _ changes: AsyncStream<Void>, _ picture: SharedPicture, _ server: MeshDiscovery, _ say: @Sendable (String) -> Void
  ) async throws {
    var isOpen = false
    for await _ in changes {
      let now = picture.now
      guard now.isWhole else { continue }
      try await server.publish(now.view.meshState(now.document, now: Int(Date().timeIntervalSince1970)))
      if !isOpen {
        _ = try await server.start()
        isOpen = true
        say("serving \(now.view.seen(now.document).count) pods")
      }
      // What changes together is published together.
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}

/// The picture that several tasks draw together.
private final class SharedPicture: Sendable {
  private let picture: Mutex<ClusterPicture>

  init(_ picture: ClusterPicture) { self.picture = Mutex(picture) }

  var now: ClusterPicture { picture.withLock(\.self) }

  func edit<Value: Sendable>(_ body: (inout ClusterPicture) throws -> Value) rethrows -> Value {
    try picture.withLock { try body(&$0) }
  }
}
