import FleetModel

/// Hides the parts of /proc that concern the whole node again.
enum ProcMasked: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    forEachContainer(of: &pod) { container, path in
      guard let before = container.securityContext.procMount, before != "Default" else { return [] }
      container.securityContext.procMount = "Default"
      return [
        HardeningChange(
          path: "\(path).securityContext.procMount", before: before, after: "Default", closes: ["L12", "L16"],
          why: "an unmasked /proc shows keys of the node and lets its kernel settings be written")
      ]
    }
  }
}
