import FleetModel

extension PodSecurityControl {
  static let hostPathVolumes = PodSecurityControl(
    "hostPathVolumes", title: "HostPath volumes", level: .baseline,
    rationale: "A folder of the node inside a pod hands out the node's secrets or takes its orders.",
    concerns: .volumes,
    revisions: [
      Revision(since: 0) { pod in
        var offence = Offence()
        for volume in pod.spec.volumes where volume.hasSource("hostPath") {
          offence.volumes.append(VolumePlace(name: volume.name, type: "hostPath"))
        }
        return offence.found
      }
    ],
    message: {
      "hostPath volumes: \(Wording.some("volume", $0.volumes.count)) \(Wording.list($0.volumes.map(\.name)))"
    },
    fix: { offence in
      var patch = PodPatch()
      patch.empty(offence.volumes)
      return patch.text
    })
}

extension Volume {
  /// Every source that is written; a volume without any is an `emptyDir`, as the API server defaults it.
  var writtenSources: [String] { sourceKeys.isEmpty ? [source.key] : sourceKeys }

  func hasSource(_ key: String) -> Bool { sourceKeys.isEmpty ? source.key == key : sourceKeys.contains(key) }
}

extension Volume.Source {
  /// The key in a volume that stands for it.
  var key: String {
    switch self {
    case .emptyDir: "emptyDir"
    case .hostPath: "hostPath"
    case .configMap: "configMap"
    case .secret: "secret"
    case .projected: "projected"
    case .claim: "persistentVolumeClaim"
    case .downwardAPI: "downwardAPI"
    case .csi: "csi"
    case .ephemeral: "ephemeral"
    case .gitRepo: "gitRepo"
    case .other(let key): key
    }
  }
}
