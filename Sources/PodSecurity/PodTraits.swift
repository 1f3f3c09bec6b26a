import FleetModel

/// What a pod has that some control may object to, gathered in one pass so that a pod without any of it costs no
/// control's look. Coarser than the controls, never finer: what they decide does not depend on it.
struct PodTraits: OptionSet, Sendable {
  var rawValue: UInt32

  static let hostNamespaces = PodTraits(rawValue: 1 << 0)
  static let volumes = PodTraits(rawValue: 1 << 1)
  static let sysctls = PodTraits(rawValue: 1 << 2)
  static let annotations = PodTraits(rawValue: 1 << 3)
  static let privileged = PodTraits(rawValue: 1 << 4)
  static let addedCapabilities = PodTraits(rawValue: 1 << 5)
  static let keptCapabilities = PodTraits(rawValue: 1 << 6)
  static let hostPorts = PodTraits(rawValue: 1 << 7)
  static let handlerHosts = PodTraits(rawValue: 1 << 8)
  static let seLinux = PodTraits(rawValue: 1 << 9)
  static let appArmor = PodTraits(rawValue: 1 << 10)
  static let unconfined = PodTraits(rawValue: 1 << 11)
  static let withoutSeccomp = PodTraits(rawValue: 1 << 12)
  static let procMount = PodTraits(rawValue: 1 << 13)
  static let hostProcess = PodTraits(rawValue: 1 << 14)
  static let escalation = PodTraits(rawValue: 1 << 15)
  static let maybeRoot = PodTraits(rawValue: 1 << 16)
  static let userID = PodTraits(rawValue: 1 << 17)

  init(rawValue: UInt32) { self.rawValue = rawValue }

  init(of pod: JudgedPod) {
    self = []
    add(.hostNamespaces, pod.spec.hostNetwork || pod.spec.hostPID || pod.spec.hostIPC)
    add(.volumes, !pod.spec.volumes.isEmpty)
    add(.annotations, !pod.annotations.isEmpty)
    add(.sysctls, !pod.spec.securityContext.sysctls.isEmpty)
    add(.seLinux, pod.spec.securityContext.seLinux != nil)
    add(.appArmor, pod.spec.securityContext.appArmor != nil)
    add(.unconfined, Self.isForbidden(pod.spec.securityContext.seccomp))
    add(.hostProcess, pod.spec.securityContext.windowsHostProcess != nil)
    add(.maybeRoot, pod.spec.securityContext.runAsNonRoot == false)
    add(.userID, pod.spec.securityContext.runAsUser != nil)
    let inheritsSeccomp = pod.spec.securityContext.seccomp != nil
    let inheritsNonRoot = pod.spec.securityContext.runAsNonRoot == true
    pod.visitContainers { container, _ in
      add(of: container.securityContext)
      add(.withoutSeccomp, !inheritsSeccomp && container.securityContext.seccomp == nil)
      add(.maybeRoot, container.securityContext.runAsNonRoot != true && !inheritsNonRoot)
      add(.hostPorts, container.ports.contains { $0.hostPort != nil })
      add(
        .handlerHosts,
        container.livenessProbe?.action.host != nil || container.readinessProbe?.action.host != nil
          || container.startupProbe?.action.host != nil || container.postStart?.action.host != nil
          || container.preStop?.action.host != nil)
    }
  }

  private mutating func add(of context: borrowing SecurityContext) {
    add(.privileged, context.privileged == true)
    add(.addedCapabilities, !context.addedCapabilities.isEmpty || !context.addedCapabilitiesAsWritten.isEmpty)
    add(.keptCapabilities, !(context.droppedCapabilitiesAsWritten == ["ALL"] && context.droppedCapabilities == ["ALL"]))
    add(.seLinux, context.seLinux != nil)
    add(.appArmor, context.appArmor != nil)
    add(.unconfined, Self.isForbidden(context.seccomp))
    add(.procMount, context.procMount != nil)
    add(.hostProcess, context.windowsHostProcess != nil)
    add(.escalation, context.allowPrivilegeEscalation != false)
    add(.maybeRoot, context.runAsNonRoot == false)
    add(.userID, context.runAsUser != nil)
  }

  private static func isForbidden(_ profile: SeccompProfile?) -> Bool {
    switch profile {
    case .unconfined, .other: true
    case nil, .runtimeDefault, .localhost: false
    }
  }

  private mutating func add(_ trait: PodTraits, _ isThere: Bool) { if isThere { formUnion(trait) } }
}
