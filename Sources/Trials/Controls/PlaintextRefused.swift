import IntentModel

extension Control {
  package static let plaintextRefused = Control(
    kind: .plaintextRefused,
    title: "Plaintext to a strict port is refused",
    remediation: "set mutual TLS to strict on the workload and close every port-level exception"
  ) { intent in
    intent.posture.mutualTLS == .strict && !intent.inbound.isEmpty
  }
}
