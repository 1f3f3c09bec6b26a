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
      guard let name = sysctl["name"]?.string, let value = sysctl["value"]?.string else { continue }
      context.sysctls[name] = value
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
    profile(field).map {
      switch $0 {
      case .runtimeDefault: .runtimeDefault
      case .unconfined: .unconfined
      case .localhost: .localhost(field?["localhostProfile"]?.string ?? "")
      }
    }
  }

  private static func seccomp(_ field: Field?) -> SeccompProfile? {
    profile(field).map {
      switch $0 {
      case .runtimeDefault: .runtimeDefault
      case .unconfined: .unconfined
      case .localhost: .localhost(field?["localhostProfile"]?.string ?? "")
      }
    }
  }

  private enum ProfileType: String {
    case runtimeDefault = "RuntimeDefault", unconfined = "Unconfined", localhost = "Localhost"
  }

  private static func profile(_ field: Field?) -> ProfileType? {
    field?["type"]?.oneOf(ProfileType.self, "RuntimeDefault, Unconfined, Localhost")
  }
}
