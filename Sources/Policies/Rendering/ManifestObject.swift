import Diagnostics
package import FleetModel

/// One object as `kubectl apply` takes it, with the reason for it.
package struct ManifestObject: Sendable, Equatable {
  package var id: ObjectReference
  package var apiVersion: String
  package var annotations: [String: String] = [:]
  /// What follows the metadata: `spec` for most.
  package var body: [DocumentValue.Entry]
  /// The workload or service it is written for.
  package var subject: ObjectReference
  /// In a sentence, for those who review it.
  package var purpose: String

  package init(
    _ kind: String, _ apiVersion: String, namespace: String, name: String, for subject: ObjectReference,
    purpose: String, spec: DocumentValue
  ) {
    id = ObjectReference(kind: kind, namespace: namespace, name: name)
    self.apiVersion = apiVersion
    body = [.init("spec", spec)]
    self.subject = subject
    self.purpose = purpose
  }

  package var spec: DocumentValue { body.first { $0.key == "spec" }?.value ?? .mapping([]) }

  package var document: DocumentValue {
    var metadata: [DocumentValue.Entry] = [
      .init("name", .string(id.name)), .init("namespace", .string(id.namespace)),
      .init("labels", .mapping([.init("app.kubernetes.io/managed-by", .string("bulkhead"))])),
    ]
    if !annotations.isEmpty {
      metadata.append(
        .init(
          "annotations",
          .mapping(annotations.sorted { $0.key < $1.key }.map { DocumentValue.Entry($0.key, .string($0.value)) })))
    }
    return .mapping(
      [
        .init("apiVersion", .string(apiVersion)), .init("kind", .string(id.kind)),
        .init("metadata", .mapping(metadata)),
      ]
        + body)
  }

  package var yaml: String { "# \(purpose.safeForTerminal)\n" + YAMLText.document(document) }

  /// As the analysis reads it; the location is the subject's.
  func customObject(at location: SourceLocation) -> CustomObject {
    var object = CustomObject(id: id, apiVersion: apiVersion, location: location)
    object.annotations = annotations
    object.spec = spec
    return object
  }
}

extension DocumentValue {
  /// A mapping with its keys in the order given; nil values are left out.
  static func map(_ pairs: KeyValuePairs<String, DocumentValue?>) -> DocumentValue {
    .mapping(pairs.compactMap { key, value in value.map { Entry(key, $0) } })
  }

  static func texts(_ texts: [String]) -> DocumentValue { .list(texts.map { .string($0) }) }

  static func labels(_ labels: [(key: String, value: String)]) -> DocumentValue {
    .mapping(labels.sorted { $0.key < $1.key }.map { Entry($0.key, .string($0.value)) })
  }
}
