import FleetModel

/// Ends privileged mode. Capabilities, seccomp and masks, which it switched off, come back by their own rules.
enum PrivilegedOff: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    forEachContainer(of: &pod) { container, path in
      guard container.securityContext.privileged == true else { return [] }
      container.securityContext.privileged = false
      // Privileged means every capability, whatever the lists say: say so, for the rule that drops them.
      container.securityContext.addedCapabilities = ["ALL"]
      container.securityContext.droppedCapabilities = []
      return [
        HardeningChange(
          path: "\(path).securityContext.privileged", before: "true", after: "false",
          closes: ["L01", "L06", "L08", "L09", "L10", "L12", "L13", "L15", "L16"],
          why: "a privileged container has the node's devices, every capability and no confinement")
      ]
    }
  }
}
