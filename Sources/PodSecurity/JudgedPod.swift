import FleetModel

/// A pod while its controls are asked. A class, because a pod's specification is a large value: handing it to each
/// control by value costs more than the control does.
final class JudgedPod: Sendable {
  let spec: PodSpec
  let annotations: [String: String]

  init(_ spec: PodSpec, annotations: [String: String]) {
    self.spec = spec
    self.annotations = annotations
  }

  /// Visits init, ordinary and ephemeral containers. Through spans, because iterating copies the whole container.
  @inline(__always)
  func visitContainers(_ visit: (borrowing Container, ContainerPlace.List) -> Void) {
    let (initial, ordinary, ephemeral) = (spec.initContainers, spec.containers, spec.ephemeralContainers)
    for index in initial.indices { visit(initial.span[index], .initContainers) }
    for index in ordinary.indices { visit(ordinary.span[index], .containers) }
    for index in ephemeral.indices { visit(ephemeral.span[index], .ephemeralContainers) }
  }

  /// The containers for which a predicate holds.
  @inline(__always)
  func places(where matches: (borrowing Container) -> Bool) -> [ContainerPlace] {
    var places: [ContainerPlace] = []
    visitContainers { container, list in
      if matches(container) { places.append(ContainerPlace(list: list, name: container.name)) }
    }
    return places
  }

  var isWindows: Bool { spec.operatingSystem == "windows" }
  /// Since v1.35 some rules are laxer for a pod in a user namespace of its own.
  var hasUserNamespace: Bool { spec.hostUsers == false }
}
