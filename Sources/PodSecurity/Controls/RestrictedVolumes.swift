import FleetModel

extension PodSecurityControl {
  static let restrictedVolumes = PodSecurityControl(
    "restrictedVolumes", title: "Volume types", level: .restricted,
    rationale: "Other volume types reach the node or a storage system past the cluster's own access control.",
    overrides: "hostPathVolumes",
    concerns: .volumes,
    revisions: [
      Revision(since: 0) { pod in
        var offence = Offence()
        for volume in pod.spec.volumes where !volume.hasAllowedSource {
          // Of several sources the dangerous one is what a reader must hear of.
          let type = volume.hasSource("hostPath") ? "hostPath" : volume.writtenSources.first ?? ""
          offence.volumes.append(VolumePlace(name: volume.name, type: type))
          offence.add(value: type)
        }
        return offence.found
      }
    ],
    message: { offence in
      "restricted volume types: \(Wording.some("volume", offence.volumes.count)) "
        + "\(Wording.list(offence.volumes.map(\.name))) \(offence.volumes.count == 1 ? "uses" : "use") "
        + "\(Wording.some("type", offence.values.count)) \(Wording.list(offence.values))"
    },
    fix: { offence in
      var patch = PodPatch()
      patch.empty(offence.volumes)
      return patch.text
    })
}

extension Volume {
  /// One allowed source is enough: the API server refuses a volume with several.
  fileprivate var hasAllowedSource: Bool {
    sourceKeys.isEmpty ? Self.isAllowed(source.key) : sourceKeys.contains(where: Self.isAllowed)
  }

  private static func isAllowed(_ key: String) -> Bool {
    switch key {
    case "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected",
      "secret":
      true
    default: false
    }
  }
}
