/// The secrets of one sidecar, as SDS resources.
enum Secrets {
  static func resources(certificate: WorkloadCertificate, trustedRoot: String) -> [ResourceKey: [JSONValue]] {
    [
      ResourceKey(.secrets, EnvoyName.certificate): [
        [
          "@type": EnvoyType.secret, "name": .string(EnvoyName.certificate),
          "tls_certificate": [
            "certificate_chain": ["inline_string": .string(certificate.chainPEM)],
            "private_key": ["inline_string": .string(certificate.privateKeyPEM)],
          ],
        ]
      ],
      ResourceKey(.secrets, EnvoyName.trust): [
        [
          "@type": EnvoyType.secret, "name": .string(EnvoyName.trust),
          "validation_context": ["trusted_ca": ["inline_string": .string(trustedRoot)]],
        ]
      ],
    ]
  }
}
