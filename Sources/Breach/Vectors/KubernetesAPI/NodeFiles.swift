import FleetModel
import IntentModel

/// Folders of a node that a pod mounts, by hostPath or by a volume that is a folder of a node.
struct MountedNodeFolder {
  var container: String
  /// On the node.
  var path: String
  var writable: Bool
  var volume: String
  /// Root inside the container; nil where an unprivileged user could become root by a set-user-id program of the image.
  var root: Bool?
}

enum NodeFiles {
  static func mounts(of pod: EffectivePod, _ context: AuditContext) -> [MountedNodeFolder] {
    var paths: [String: String] = [:]
    for volume in pod.pod.volumes {
      if let path = path(of: volume, in: pod.workload.id.namespace, context) { paths[volume.name] = path }
    }
    if paths.isEmpty { return [] }
    return pod.members.flatMap { member in
      member.container.mounts.compactMap { mount -> MountedNodeFolder? in
        guard var path = paths[mount.volume] else { return nil }
        if let part = mount.subPath, !part.isEmpty { path = join(path, part) }
        let root: Bool? = member.effective.uid == 0 ? true : (member.mayEscalate ? nil : false)
        return MountedNodeFolder(
          container: member.container.name, path: path, writable: !mount.readOnly, volume: mount.volume, root: root)
      }
    }
  }

  private static func path(of volume: Volume, in namespace: String, _ context: AuditContext) -> String? {
    switch volume.source {
    case .hostPath(let path, _): return normalised(path)
    case .claim(let name):
      let id = ObjectReference(kind: "PersistentVolumeClaim", namespace: namespace, name: name)
      guard let claim = find(context.fleet.claims, id, \.id), let bound = claim.volumeName else { return nil }
      let volumeID = ObjectReference(kind: "PersistentVolume", namespace: "", name: bound)
      return find(context.fleet.persistentVolumes, volumeID, \.id)?.nodePath.map(normalised)
    default: return nil
    }
  }

  /// One contains the other: the folder lies above the path, or inside it.
  static func touches(_ folder: String, _ path: String) -> Bool {
    contains(folder, path) || contains(path, folder)
  }

  /// The path lies in the folder or is it.
  static func contains(_ folder: String, _ path: String) -> Bool {
    folder == "/" || folder == path || path.hasPrefix(folder + "/")
  }

  /// Without `.`, `..`, doubled and trailing slashes.
  static func normalised(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  private static func join(_ folder: String, _ part: String) -> String { normalised(folder + "/" + part) }

  /// Fleets keep their objects sorted.
  private static func find<Object>(
    _ objects: [Object], _ id: ObjectReference, _ key: KeyPath<Object, ObjectReference>
  ) -> Object? {
    var low = 0
    var high = objects.count
    while low < high {
      let middle = (low + high) / 2
      if objects[middle][keyPath: key] < id { low = middle + 1 } else { high = middle }
    }
    return low < objects.count && objects[low][keyPath: key] == id ? objects[low] : nil
  }
}
