import FleetModel

/// What pods and containers write alike in their `securityContext`.
enum SecurityReader {
  static let identifiers = 0...Int(UInt32.max)

  static func container(_ field: Field) -> SecurityContext {
    var context = SecurityContext()
    context.privileged = field["privileged"]?.bool
    context.allowPrivilegeEscalation = field["allowPrivilegeEscalation"]?.bool
    context.readOnlyRootFilesystem = field["readOnlyRootFilesystem"]?.bool
    context.runAsUser = field["runAsUser"]?.integer(in: identifiers)
    context.runAsGroup = field["runAsGroup"]?.integer(in: identifiers)
    context.runAsNonRoot = field["runAsNonRoot"]?.bool
    if let capabilities = field["capabilities"] {
      context.addedCapabilitiesAsWritten = capabilities["add"]?.strings ?? []
      context.droppedCapabilitiesAsWritten = capabilities["drop"]?.strings ?? []
      context.addedCapabilities = context.addedCapabilitiesAsWritten.map(capability)
      context.droppedCapabilities = context.droppedCapabilitiesAsWritten.map(capability)
    }
    context.seLinux = field["seLinuxOptions"].map(seLinux)
    context.appArmor = appArmor(field["appArmorProfile"])
    (context.windowsHostProcess, context.windowsUser) = windows(field["windowsOptions"])
    context.seccomp = seccomp(field["seccompProfile"])
    context.procMount = field["procMount"]?.string
    return context
  }

  static func pod(_ field: Field) -> PodSecurityContext {
    var context = PodSecurityContext()
    context.runAsUser = field["runAsUser"]?.integer(in: identifiers)
    context.runAsGroup = field["runAsGroup"]?.integer(in: identifiers)
    context.runAsNonRoot = field["runAsNonRoot"]?.bool
    context.fsGroup = field["fsGroup"]?.integer(in: identifiers)
    context.supplementalGroups = (field["supplementalGroups"]?.elements ?? []).compactMap {
      $0.integer(in: identifiers)
    }
    context.seLinux = field["seLinuxOptions"].map(seLinux)
    context.appArmor = appArmor(field["appArmorProfile"])
    (context.windowsHostProcess, context.windowsUser) = windows(field["windowsOptions"])
    context.seccomp = seccomp(field["seccompProfile"])
    for sysctl in field["sysctls"]?.elements ?? [] {
      guard let name = sysctl["name"]?.string, !name.isEmpty else {
        sysctl.problem("the sysctl has no name and is left out", fix: "add name and value")
        continue
      }
      // Without a value the API server takes it as an empty one: the name alone decides what Pod Security says.
      if sysctl["value"] == nil { sysctl.problem("the sysctl \(name) has no value", fix: "add it") }
      context.sysctls[name] = sysctl["value"]?.string ?? ""
    }
    return context
  }

  private static func capability(_ name: String) -> String {
    let upper = name.uppercased()
    return upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
  }

  private static func seLinux(_ field: Field) -> SELinuxOptions {
    SELinuxOptions(
      user: field["user"]?.string, role: field["role"]?.string, type: field["type"]?.string,
      level: field["level"]?.string)
  }

  private static func windows(_ field: Field?) -> (Bool?, String?) {
    (field?["hostProcess"]?.bool, field?["runAsUserName"]?.string)
  }

  private static func appArmor(_ field: Field?) -> AppArmorProfile? {
    switch profile(field) {
    case nil: nil
    case "RuntimeDefault": .runtimeDefault
    case "Unconfined": .unconfined
    case "Localhost": .localhost(field?["localhostProfile"]?.string ?? "")
    case .some(let other): .other(other)
    }
  }

  private static func seccomp(_ field: Field?) -> SeccompProfile? {
    switch profile(field) {
    case nil: nil
    case "RuntimeDefault": .runtimeDefault
    case "Unconfined": .unconfined
    case "Localhost": .localhost(field?["localhostProfile"]?.string ?? "")
    case .some(let other): .other(other)
    }
  }

  /// The type as written; what Kubernetes does not know is a finding, and is never taken for "not written": the pod's
  /// own profile would seem to hold for the container.
  private static func profile(_ field: Field?) -> String? {
    guard let field else { return nil }
    guard let type = field["type"]?.string else {
      field.problem("the profile has no type", fix: "use one of RuntimeDefault, Unconfined, Localhost")
      return ""
    }
    if !["RuntimeDefault", "Unconfined", "Localhost"].contains(type) {
      field.problem(
        "type: '\(type)' is none of RuntimeDefault, Unconfined, Localhost",
        fix: "use one of RuntimeDefault, Unconfined, Localhost")
    }
    return type
  }
}
