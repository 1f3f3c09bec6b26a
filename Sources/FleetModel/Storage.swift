package import Diagnostics

/// A PersistentVolume, as far as it leads to a node's file system or is shared.
package struct PersistentVolume: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  /// The folder on a node that it is: `hostPath` or `local`.
  package var nodePath: String?
  /// The key of its source, such as `hostPath`, `local`, `nfs`, `csi`.
  package var sourceKey = ""
  package var claim: ObjectReference?
  package var storageClass: String?
  package var accessModes: [String] = []

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}

package struct PersistentVolumeClaim: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var volumeName: String?
  package var storageClass: String?
  package var accessModes: [String] = []

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}
