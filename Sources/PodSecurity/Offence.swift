/// What a control found in a pod. Kept as data: words are made of it only when somebody reads them.
struct Offence: Sendable, Equatable {
  /// The pod's own `securityContext` has a forbidden value.
  var byPod = false
  /// Containers with a forbidden value.
  var containers: [ContainerPlace] = []
  /// What the fix has to know: for each of `containers`, in the same order, or once for the pod.
  var details: [[String]] = []
  /// Containers without a value that must be there.
  var lacking: [ContainerPlace] = []
  var volumes: [VolumePlace] = []
  /// The forbidden values, sorted, each once.
  var values: [String] = []
  /// Keys of forbidden annotations, sorted.
  var annotations: [String] = []

  /// Nil when nothing was found.
  var found: Offence? {
    let isEmpty =
      !byPod && containers.isEmpty && lacking.isEmpty && volumes.isEmpty && values.isEmpty && annotations.isEmpty
    guard !isEmpty else { return nil }
    var sorted = self
    if values.count > 1 { sorted.values.sort() }
    if annotations.count > 1 { sorted.annotations.sort() }
    return sorted
  }

  mutating func add(value: String) { if !values.contains(value) { values.append(value) } }
}

/// A volume by its name and the key of its source.
struct VolumePlace: Sendable, Equatable {
  var name: String
  var type: String
}

/// A container by its list in the pod's specification and its name.
struct ContainerPlace: Sendable, Equatable {
  enum List: String, Sendable { case initContainers, containers, ephemeralContainers }
  var list: List
  var name: String
}
