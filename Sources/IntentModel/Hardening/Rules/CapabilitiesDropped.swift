import FleetModel

/// Drops all capabilities; NET_BIND_SERVICE stays where a port below 1024 is declared and it was there before.
enum CapabilitiesDropped: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    forEachContainer(of: &pod) { container, path in
      let before = EffectiveContainer.capabilities(of: container.securityContext)
      let kept = container.hasLowPort ? before.intersection(CapabilitySet([.netBindService])) : []
      let dropsAll = container.securityContext.droppedCapabilities.contains(where: EffectiveContainer.isAll)
      // Pod Security takes `ALL` in capitals only.
      let asWritten = container.securityContext.droppedCapabilitiesAsWritten
      let isExact = asWritten.isEmpty || asWritten.contains("ALL")
      guard !dropsAll || !isExact || before != kept || !onlyNames(container, kept) else { return [] }
      let written = describe(container.securityContext)
      container.securityContext.droppedCapabilities = ["ALL"]
      container.securityContext.addedCapabilities = kept.members.map(\.name)
      container.securityContext.droppedCapabilitiesAsWritten = ["ALL"]
      container.securityContext.addedCapabilitiesAsWritten = container.securityContext.addedCapabilities
      return [
        HardeningChange(
          path: "\(path).securityContext.capabilities", before: written, after: describe(container.securityContext),
          closes: codes(of: before.subtracting(kept)),
          why: "capabilities it does not need turn a foothold into a way out of the container or around the mesh")
      ]
    }
  }

  /// True when nothing but `kept` is named as added (Pod Security looks at names, not at their effect).
  private static func onlyNames(_ container: Container, _ kept: CapabilitySet) -> Bool {
    container.securityContext.addedCapabilities.allSatisfy { Capability(name: $0).map(kept.has) ?? false }
  }

  private static func describe(_ context: SecurityContext) -> String {
    func list(_ names: [String]) -> String { names.isEmpty ? "nothing" : names.sorted().joined(separator: ", ") }
    return "add \(list(context.addedCapabilities)); drop \(list(context.droppedCapabilities))"
  }

  private static let vectors: [(capability: Capability, codes: [String])] = [
    (.sysAdmin, ["L01", "L02", "L06", "L08", "L14", "L26", "L31"]), (.sysPtrace, ["L03", "L04"]),
    (.dacReadSearch, ["L11"]), (.sysModule, ["L05"]), (.sysRawio, ["L38"]), (.sysBoot, ["L39"]), (.bpf, ["L31"]),
    (.perfmon, ["L37"]), (.mknod, ["L09"]), (.netRaw, ["K16", "L30", "M32"]), (.netAdmin, ["L29", "M02"]),
    (.setuid, ["M01"]), (.setgid, ["M01"]),
  ]

  private static func codes(of removed: CapabilitySet) -> [String] {
    Set(vectors.filter { removed.has($0.capability) }.flatMap(\.codes)).sorted()
  }
}

extension Container {
  /// True when it declares a port that only root or NET_BIND_SERVICE may bind by the kernel's default.
  var hasLowPort: Bool { ports.contains { $0.port > 0 && $0.port < 1024 } }
}
