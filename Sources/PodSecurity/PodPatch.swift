/// Builds a strategic merge patch of a pod.
struct PodPatch {
  private var pod: [String] = []
  private var spec: [String] = []
  private var lists: [ContainerPlace.List: [String]] = [:]
  private var comments: [String] = []
  /// Patches of more containers than these say "and so on".
  private static let shown = 12

  /// A field of the pod's `metadata.annotations`, taken away.
  mutating func remove(annotations: [String]) {
    guard !annotations.isEmpty else { return }
    pod += ["metadata:", "  annotations:"] + annotations.prefix(Self.shown).map { "    \(Self.quoted($0)): null" }
    more(annotations.count)
  }

  /// Lines below `spec:`, indented from there.
  mutating func set(_ lines: [String]) { spec += lines.map { "  " + $0 } }

  /// Lines below the pod's `securityContext`.
  mutating func setSecurityContext(_ lines: [String]) {
    set(["securityContext:"] + lines.map { "  " + $0 })
  }

  /// Lines below each container's `securityContext`.
  mutating func setSecurityContext(of places: [ContainerPlace], level: PodSecurityLevel, _ lines: [String]) {
    set(in: places, level: level) { _ in ["securityContext:"] + lines.map { "  " + $0 } }
  }

  /// The capabilities that each offending container may go on adding: the list is replaced as a whole.
  mutating func setCapabilities(of offence: Offence, level: PodSecurityLevel, drop: [String]) {
    set(in: offence.containers, level: level) { index in
      let kept = offence.details[index].map(Self.quoted).joined(separator: ", ")
      return ["securityContext:", "  capabilities:", "    add: [\(kept)]"] + drop.map { "    " + $0 }
    }
  }

  /// Lines in each container, by its index, indented from there. An ephemeral container cannot be changed once it is
  /// there.
  mutating func set(in places: [ContainerPlace], level: PodSecurityLevel, _ lines: (Int) -> [String]) {
    for (index, place) in places.prefix(Self.shown).enumerated() {
      guard place.list != .ephemeralContainers else {
        comments.append(
          "# \(Self.quoted(place.name)) is ephemeral and stays as it is: make a new one with "
            + "kubectl debug --profile=\(level.rawValue)")
        continue
      }
      lists[place.list, default: []] +=
        ["  - name: \(Self.quoted(place.name))"] + lines(index).prefix(Self.shown * 3).map { "    " + $0 }
    }
    more(places.count)
  }

  /// Volumes made empty directories; the pod starts, and what it read there is gone.
  mutating func empty(_ volumes: [VolumePlace]) {
    guard !volumes.isEmpty else { return }
    comment("files that must outlive the pod need a persistentVolumeClaim instead of the emptyDir")
    spec.append("  volumes:")
    for volume in volumes.prefix(Self.shown) {
      spec += ["  - name: \(Self.quoted(volume.name))", "    \(Self.quoted(volume.type)): null", "    emptyDir: {}"]
    }
    more(volumes.count)
  }

  mutating func comment(_ text: String) { comments.append("# " + text) }

  private mutating func more(_ count: Int) {
    if count > Self.shown { comments.append("# and so on for \(count - Self.shown) more") }
  }

  var text: String {
    var body = spec
    for list in [ContainerPlace.List.initContainers, .containers] {
      if let lines = lists[list] { body += ["  \(list.rawValue):"] + lines }
    }
    return (comments + pod + (body.isEmpty ? [] : ["spec:"] + body)).joined(separator: "\n")
  }

  /// A string in double quotes that YAML and JSON both read back.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _
      where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        || (0x2028...0x2029).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
