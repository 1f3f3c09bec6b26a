import FleetModel
package import KubernetesAPI

/// What a discovery server knows of the namespaces that it serves: the latest state of what it follows.
package struct ClusterPicture: Sendable {
  /// A kind in a namespace.
  package struct Place: Hashable, Sendable, CustomStringConvertible {
    package var resource: APIResource
    package var namespace: String

    package var description: String { "\(resource.plural) of \(namespace)" }
  }

  package private(set) var document: MeshDocument
  private let places: [Place]
  private var objects: [Place: [String: DocumentValue]] = [:]
  private var troubles: [Place: APIFailure.Kind] = [:]
  private var documentTrouble: APIFailure.Kind?

  package init(_ document: MeshDocument, of namespaces: [String]) {
    self.document = document
    places = Self.places(in: namespaces)
  }

  package static func places(in namespaces: [String]) -> [Place] {
    namespaces.flatMap { name in
      [APIResource.pods, .services].map { Place(resource: $0, namespace: name) }
    }
  }

  /// - Returns: whether the place could not be read before.
  @discardableResult
  package mutating func take(_ change: ClusterChange, _ place: Place) -> Bool {
    let wasClosed = troubles[place] != nil
    func uid(_ object: DocumentValue) -> String { object[path: "metadata", "uid"]?.string ?? "" }
    switch change {
    case .listed(let all):
      objects[place] = Dictionary(all.map { (uid($0), $0) }) { _, last in last }
      troubles[place] = nil
      return wasClosed
    case .changed(let object): objects[place, default: [:]][uid(object)] = object
    case .deleted(let object): objects[place, default: [:]][uid(object)] = nil
    }
    return false
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
    documentTrouble = nil
    let read = try MeshDocument.read(map[path: "data", ClusterNames.meshDocumentKey]?.string ?? "")
    defer { document = read }
    return document != read
  }

  /// A place cannot be read for now: what was known of it stays.
  /// - Returns: whether that is news.
  package mutating func fail(_ place: Place, _ kind: APIFailure.Kind) -> Bool {
    defer { troubles[place] = kind }
    return troubles[place] != kind
  }

  /// The same for the document.
  package mutating func failDocument(_ kind: APIFailure.Kind) -> Bool {
    defer { documentTrouble = kind }
    return documentTrouble != kind
  }

  /// A place went with its namespace.
  /// - Returns: whether that is news.
  package mutating func lose(_ place: Place) -> Bool {
    defer { take(.listed([]), place) }
    return objects[place]?.isEmpty != true
  }

  /// Whether all has been read. What is missing from the first picture would be taken from sidecars that have it, so
  /// that it is waited for however long that takes.
  package var isWhole: Bool { places.allSatisfy { objects[$0] != nil } }

  package var view: ClusterView {
    func all(_ resource: APIResource) -> [DocumentValue] {
      objects.filter { $0.key.resource == resource }.flatMap(\.value.values)
    }
    return ClusterView(pods: all(.pods), services: all(.services))
  }
}
