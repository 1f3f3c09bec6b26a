import IntentModel

extension Control {
  package static let egressRefused = Control(
    kind: .egressRefused,
    title: "Egress to an address that is not allowed is refused",
    remediation: "put the workload under a default-deny egress policy"
  ) { intent in
    intent.posture.isolated
  }
}
