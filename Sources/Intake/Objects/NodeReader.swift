import FleetModel

enum NodeReader {
  /// Clouds whose nodes reach a service that hands out credentials, by the scheme of `spec.providerID`.
  private static let clouds: Set<Substring> = ["aws", "gce", "azure"]

  static func node(_ root: Field, _ id: ObjectReference) -> Node {
    var node = Node(name: id.name, location: root.location)
    node.labels = NamedObjectReader.labels(root["metadata"])
    if let provider = root["spec"]?["providerID"]?.string, let end = provider.firstRange(of: "://"),
      clouds.contains(provider[..<end.lowerBound])
    {
      node.facts.metadataService = true
    }
    guard let info = root["status"]?["nodeInfo"] else { return node }
    node.facts.kernel = info["kernelVersion"]?.string.flatMap { Version($0) }
    node.facts.kubelet = info["kubeletVersion"]?.string.flatMap { Version($0) }
    node.facts.osImage = info["osImage"]?.string
    if let runtime = info["containerRuntimeVersion"]?.string, let mark = runtime.firstRange(of: "://") {
      node.facts.runtime = String(runtime[..<mark.lowerBound])
      node.facts.runtimeVersion = Version(String(runtime[mark.upperBound...]))
    }
    return node
  }
}
