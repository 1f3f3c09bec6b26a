import FleetModel

/// Sets the kernel's no_new_privs: no set-uid program can raise a process's rights any more.
enum PrivilegeEscalationOff: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    forEachContainer(of: &pod) { container, path in
      let before = container.securityContext.allowPrivilegeEscalation
      guard before != false else { return [] }
      container.securityContext.allowPrivilegeEscalation = false
      return [
        HardeningChange(
          path: "\(path).securityContext.allowPrivilegeEscalation", before: text(before), after: "false",
          closes: ["L40"],
          why: "set-uid programs gain root even where every capability is dropped, unless new privileges are off")
      ]
    }
  }
}
