import Diagnostics
import FleetModel
import IntentModel

/// A path of the node inside a container: by a hostPath volume, or by a claim whose volume is a folder of the node.
struct HostMount: Sendable {
  var path: NodePath
  /// As written.
  var text: String
  var volume: String
  var kind: Kind
  var mountPath: String
  var readOnly: Bool
  /// Index into the pod's members.
  var member: Int

  enum Kind: Sendable { case hostPath, claim, template }

  /// A read-only mount does not reach the mounts below it: the node's /proc inside a read-only `/` stays writable
  /// (Kubernetes, "Recursive read-only mounts"; the field that changes this is not read here).
  func mayWrite(_ place: NodePath) -> Bool {
    guard readOnly else { return path.meets(place) }
    return Self.mountPoints.contains { $0.holds(place) && path.isStrictlyAbove($0) }
  }

  /// The kernel's own file systems, which every node mounts below its root.
  private static let mountPoints = ["/proc", "/proc/sys/fs/binfmt_misc", "/sys", "/sys/fs/cgroup", "/dev/shm"].map(
    NodePath.init)
}

extension EffectivePod {
  /// Every mount of a path of the node, in the order of containers and mounts.
  func hostMounts(_ context: AuditContext) -> [HostMount] {
    guard bearsHostPaths(context) else { return [] }
    var sources: [String: (path: String, kind: HostMount.Kind)] = [:]
    for volume in workload.pod.volumes {
      switch volume.source {
      case .hostPath(let path, _): sources[volume.name] = (path, .hostPath)
      case .claim(let name):
        if let path = context.linux.nodePath(ofClaim: name, namespace: workload.id.namespace) {
          sources[volume.name] = (path, .claim)
        }
      default: break
      }
    }
    for template in workload.claimTemplates {
      guard let path = context.linux.nodePath(ofTemplate: template, workload: workload) else { continue }
      sources[template] = (path, .template)
    }
    var mounts: [HostMount] = []
    for index in members.indices {
      for mount in members[index].container.mounts {
        guard let source = sources[mount.volume] else { continue }
        let text = mount.subPath.map { source.path + "/" + $0 } ?? source.path
        mounts.append(
          HostMount(
            path: NodePath(text), text: text, volume: mount.volume, kind: source.kind, mountPath: mount.path,
            readOnly: mount.readOnly, member: index))
      }
    }
    return mounts
  }

  private func bearsHostPaths(_ context: AuditContext) -> Bool {
    if !workload.claimTemplates.isEmpty && context.linux.knowsNodePaths { return true }
    return workload.pod.volumes.contains { volume in
      switch volume.source {
      case .hostPath: true
      case .claim: context.linux.knowsNodePaths
      default: false
      }
    }
  }

  /// "container web: mounts /etc of the node at /host-etc".
  func describe(_ mount: HostMount) -> String {
    let kind = mount.kind == .hostPath ? "hostPath" : "claimed volume"
    return """
      container \(members[mount.member].container.name) mounts \(mount.text) of the node at \(mount.mountPath) \
      (\(kind) \(mount.volume), readOnly: \(mount.readOnly))
      """
  }

  /// One piece of evidence per mount: what it lets happen, and the volume replaced by an empty folder.
  func evidence(_ mount: HostMount, _ effect: String) -> Evidence {
    let member = members[mount.member]
    return Evidence(
      container: member.container.name, message: "\(describe(mount)): \(effect)", fix: withoutVolume(mount),
      location: member.container.location)
  }

  /// The volume replaced by an empty folder.
  private func withoutVolume(_ mount: HostMount) -> String {
    let name = "volumes:\n- name: " + mount.volume.yamlScalar
    return switch mount.kind {
    case .hostPath: patch(name + "\n  hostPath: null\n  emptyDir: {}")
    case .claim: patch(name + "\n  persistentVolumeClaim: null\n  emptyDir: {}")
    case .template:
      "give the claim template \(mount.volume) a storage class of the network instead of folders of the nodes"
    }
  }
}
