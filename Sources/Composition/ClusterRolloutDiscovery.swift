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
      let document = try await Self.document(client)
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
      let picture = ClusterPicture(document)
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

  private static func document(_ client: KubernetesClient) async throws -> MeshDocument {
    let map = try await client.get(documentName)
    return try MeshDocument.read(map[path: "data", ClusterNames.meshDocumentKey]?.string ?? "")
  }

  private func follow(
    _ client: KubernetesClient, _ picture: ClusterPicture, _ server: MeshDiscovery,
    _ say: @escaping @Sendable (String) -> Void
  ) async throws {
    let (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for namespace in namespaces {
        for resource in [APIResource.pods, .services] {
          group.addTask {
            try await client.follow(resource, namespace: namespace) { change in
              picture.take(change, resource, namespace)
              signal.yield()
            }
          }
        }
      }
      group.addTask {
        let name = Self.documentName
        try await client.follow(name.resource, namespace: name.namespace, named: name.name) { change in
          if picture.takeDocument(change, say) { signal.yield() }
        }
      }
      group.addTask { try await Self.publish(changes, picture, server, namespaces: namespaces.count, say) }
      // A fault that is over ends without a change of anything.
      group.addTask {
        while true {
          try await Task.sleep(for: .seconds(1))
          if picture.hasFaults { signal.yield() }
        }
      }
      _ = try await group.next()
      group.cancelAll()
    }
  }

  /// The ports are opened once everything has been read: a pod that is not known yet would be turned away.
  private static func publish(
    _ changes: AsyncStream<Void>, _ picture: ClusterPicture, _ server: MeshDiscovery, namespaces: Int,
    _ say: @Sendable (String) -> Void
  ) async throws {
    var isOpen = false
    for await _ in changes {
      guard picture.lists == namespaces * 2 else { continue }
      let (view, document) = picture.now
      try await server.publish(view.meshState(document, now: Int(Date().timeIntervalSince1970)))
      if !isOpen {
        _ = try await server.start()
        isOpen = true
        say("serving \(view.seen(document).count) pods")
      }
      // What changes together is published together.
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}

/// The latest state of what is followed.
private final class ClusterPicture: Sendable {
  private struct Place: Hashable {
    var resource: APIResource
    var namespace: String
  }
  private struct State {
    var objects: [Place: [String: DocumentValue]] = [:]
    var document: MeshDocument
  }
  private let state: Mutex<State>

  init(_ document: MeshDocument) { state = Mutex(State(document: document)) }

  /// How many kinds have been listed.
  var lists: Int { state.withLock { $0.objects.count } }
  var hasFaults: Bool { state.withLock { $0.document.hasFaults } }

  func take(_ change: ClusterChange, _ resource: APIResource, _ namespace: String) {
    let place = Place(resource: resource, namespace: namespace)
    func uid(_ object: DocumentValue) -> String { object[path: "metadata", "uid"]?.string ?? "" }
    state.withLock { state in
      switch change {
      case .listed(let all): state.objects[place] = Dictionary(all.map { (uid($0), $0) }) { _, last in last }
      case .changed(let object): state.objects[place, default: [:]][uid(object)] = object
      case .deleted(let object): state.objects[place, default: [:]][uid(object)] = nil
      }
    }
  }

  /// Whether there is something new.
  func takeDocument(_ change: ClusterChange, _ say: (String) -> Void) -> Bool {
    let objects: [DocumentValue]
    switch change {
    case .listed(let all): objects = all
    case .changed(let object): objects = [object]
    case .deleted: return false
    }
    let map = objects.first { $0[path: "metadata", "name"]?.string == ClusterNames.meshDocument }
    guard let map else { return false }
    do {
      let document = try MeshDocument.read(map[path: "data", ClusterNames.meshDocumentKey]?.string ?? "")
      return state.withLock { state in
        defer { state.document = document }
        return state.document != document
      }
    } catch {
      // The last one that could be read counts.
      say("\(error)")
      return false
    }
  }

  var now: (ClusterView, MeshDocument) {
    state.withLock { state in
      func all(_ resource: APIResource) -> [DocumentValue] {
        state.objects.filter { $0.key.resource == resource }.flatMap(\.value.values)
      }
      return (ClusterView(pods: all(.pods), services: all(.services)), state.document)
    }
  }
}
