import Diagnostics
import FleetModel

/// What one object of a cluster says.
package struct ClusterObject: Sendable {
  let objects: [KubernetesObject]
  let findings: [Finding]

  /// Reads one item of a list, whose elements need not repeat their kind.
  ///
  /// - Parameters:
  ///   - kind: beats what is written: an item of a list of metadata alone calls itself something else.
  ///   - apiVersion: the one that was asked for, such as `apps/v1`.
  package init(_ item: JSONItem, kind: String, apiVersion: String) {
    let root = Field(item.tree, of: Self.place(item, kind))
    var reader = ObjectReader()
    reader.read(root, as: kind, apiVersion: apiVersion)
    objects = reader.objects
    findings = root.log.findings
  }

  /// `kind/namespace/name@resourceVersion`: where there is no file, this says which state of which object was read.
  private static func place(_ item: JSONItem, _ kind: String) -> String {
    let namespace = item.text(["metadata", "namespace"]).map { "\($0)/" } ?? ""
    let version = item.text(["metadata", "resourceVersion"]).map { "@\($0)" } ?? ""
    return "\(kind)/\(namespace)\(item.text(["metadata", "name"]) ?? "?")\(version)"
  }
}
