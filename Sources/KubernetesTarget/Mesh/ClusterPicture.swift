package import FleetModel
package import KubernetesAPI

/// What a discovery server knows of the namespaces that it serves: the latest state of what it follows.
package struct ClusterPicture: Sendable {
  /// A kind in a namespace.
  package struct Place: Hashable, Sendable, CustomStringConvertible {
    package var resource: APIResource
    package var namespace: String

    package var description: String { "\(resource.plural) of \(namespace)" }
  }

  /// After how long the other namespaces are served without one that may not be read: its rights go with it when it is
  /// deleted, and come a moment after it when it is made.
  static let patience = Duration.seconds(60)

  package private(set) var document: MeshDocument
  private let places: [Place]
  private var objects: [Place: [String: DocumentValue]] = [:]
  private var troubles: [Place: (kind: APIFailure.Kind, since: ContinuousClock.Instant)] = [:]

  package init(_ document: MeshDocument, of namespaces: [String]) {
    self.document = document
    places = Self.places(in: namespaces)
  }

  package static func places(in namespaces: [String]) -> [Place] {
    namespaces.flatMap { name in
      [APIResource.pods, .services].map { Place(resource: $0, namespace: name) }
    }
  }

  package mutating func take(_ change: ClusterChange, _ place: Place) {
    func uid(_ object: DocumentValue) -> String { object[path: "metadata", "uid"]?.string ?? "" }
    switch change {
    case .listed(let all):
      objects[place] = Dictionary(all.map { (uid($0), $0) }) { _, last in last }
      troubles[place] = nil
    case .changed(let object): objects[place, default: [:]][uid(object)] = object
    case .deleted(let object): objects[place, default: [:]][uid(object)] = nil
    }
  }

  /// - Returns: whether there is something new.
  /// - Throws: for a document that cannot be read; the last one stays.
  package mutating func takeDocument(_ change: ClusterChange) throws -> Bool {
    let objects: [DocumentValue]
    switch change {
    case .listed(let all): objects = all
    case .changed(let object): objects = [object]
    case .deleted: return false
    }
    let map = objects.first { $0[path: "metadata", "name"]?.string == ClusterNames.meshDocument }
    guard let map else { return false }
    let read = try MeshDocument.read(map[path: "data", ClusterNames.meshDocumentKey]?.string ?? "")
    defer { document = read }
    return document != read
  }

  /// A place cannot be read for now: what was known of it stays.
  /// - Returns: whether that is news.
  package mutating func fail(_ place: Place, _ kind: APIFailure.Kind, at now: ContinuousClock.Instant) -> Bool {
    if troubles[place]?.kind == kind { return false }
    troubles[place] = (kind, now)
    return true
  }

  /// Whether all has been read that can be. A server that does not answer is waited for however long it takes: what is
  /// missing from the first picture would be taken from sidecars that have it.
  package func isWhole(at now: ContinuousClock.Instant) -> Bool {
    !objects.isEmpty
      && places.allSatisfy { place in
        if objects[place] != nil { return true }
        guard let trouble = troubles[place] else { return false }
        return trouble.kind == .forbidden && now - trouble.since >= Self.patience
      }
  }

  /// What has never been read.
  package var unread: [Place] { places.filter { objects[$0] == nil } }

  package var view: ClusterView {
    func all(_ resource: APIResource) -> [DocumentValue] {
      objects.filter { $0.key.resource == resource }.flatMap(\.value.values)
    }
    return ClusterView(pods: all(.pods), services: all(.services))
  }
}
