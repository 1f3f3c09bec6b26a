import IntentModel

extension Control {
  package static let unlistedCallerRefused = Control(
    kind: .unlistedCallerRefused,
    title: "A caller with an identity that is not listed is refused",
    remediation: "enforce authorisation with exactly the known callers"
  ) { intent in
    intent.posture.enrolled && intent.posture.authorisation == .enforced && !intent.servesOutside
      && !intent.inbound.isEmpty
  }
}
