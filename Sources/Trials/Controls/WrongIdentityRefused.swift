import IntentModel

extension Control {
  package static let wrongIdentityRefused = Control(
    kind: .wrongIdentityRefused,
    title: "A caller whose certificate comes from a foreign authority is refused",
    remediation: "trust only the mesh's own authority in the sidecar's validation context"
  ) { intent in
    intent.posture.mutualTLS == .strict && !intent.inbound.isEmpty
  }
}
