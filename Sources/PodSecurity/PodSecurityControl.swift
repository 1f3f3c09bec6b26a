/// One control of the Pod Security Standards, as the package `k8s.io/pod-security-admission/policy` decides it.
package struct PodSecurityControl: Sendable {
  typealias Check = @Sendable (JudgedPod) -> Offence?

  /// A rule that holds from its version on, until the control's next revision.
  struct Revision: Sendable {
    var since: Int
    /// Nil when the pod is allowed.
    var check: Check
  }

  /// The id that the admission controller uses, such as `hostNamespaces`; stable.
  package let id: String
  package let title: String
  /// The lowest level at which it is asked for.
  package let level: PodSecurityLevel
  /// What goes wrong without it, in a sentence.
  package let rationale: String
  /// The minor versions of Kubernetes at which its rule changed, the first one being that of its introduction.
  package var revisedIn: [Int] { revisions.map(\.since) }
  /// The baseline control that this one replaces in namespaces at `restricted`, from its first version on.
  package let overrides: String?

  /// A pod without any of these is allowed by every revision.
  let concerns: PodTraits
  let revisions: [Revision]
  let message: @Sendable (Offence) -> String
  let fix: @Sendable (Offence) -> String

  init(
    _ id: String, title: String, level: PodSecurityLevel, rationale: String, overrides: String? = nil,
    concerns: PodTraits, revisions: [Revision], message: @escaping @Sendable (Offence) -> String,
    fix: @escaping @Sendable (Offence) -> String
  ) {
    self.id = id
    self.title = title
    self.level = level
    self.rationale = rationale
    self.overrides = overrides
    self.concerns = concerns
    self.revisions = revisions
    self.message = message
    self.fix = fix
  }

  /// The rule of a minor version; nil before the control existed.
  func revision(inMinor minor: Int) -> Revision? { revisions.last { $0.since <= minor } }

  /// All controls, baseline before restricted, each sorted by id: the order of the admission controller's messages.
  package static let all: [PodSecurityControl] = [
    appArmorProfile, baselineCapabilities, hostNamespaces, hostPathVolumes, hostPorts, hostProbesAndHostLifecycle,
    privileged, procMount, seLinuxOptions, baselineSeccompProfile, sysctls, windowsHostProcess,
    allowPrivilegeEscalation, restrictedCapabilities, restrictedProcMount, restrictedVolumes, runAsNonRoot, runAsUser,
    restrictedSeccompProfile,
  ].sorted { ($0.level, $0.id) < ($1.level, $1.id) }

  package static func control(_ id: String) -> PodSecurityControl? { all.first { $0.id == id } }
}
