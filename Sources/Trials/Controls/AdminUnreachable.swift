import IntentModel

extension Control {
  package static let adminUnreachable = Control(
    kind: .adminUnreachable,
    title: "The sidecar's admin interface cannot be reached from the application",
    remediation: "bind the sidecar's admin interface to a socket that the application's container does not have"
  ) { intent in
    intent.posture.enrolled
  }
}
