import Crypto
import Diagnostics
package import IntentModel
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// A certificate authority. One made for a run has its key in memory alone and ends with it; one of a cluster is kept
/// by whoever runs it, so that certificates stay good when the program that issues them starts again.
package struct CertificateAuthority: Sendable {
  /// How long a leaf is valid; it is replaced at half of that.
  package static let leafLifetime: TimeInterval = 3600
  /// Clocks of one machine agree; this covers a step backwards while a run lasts.
  private static let allowedSkew: TimeInterval = 60

  private let key: P256.Signing.PrivateKey
  private let name: DistinguishedName
  /// The root's certificate in PEM, the only thing verifiers need.
  package let rootPEM: String
  /// The root's private key in PEM: to be kept where secrets are kept.
  package var keyPEM: String { key.pemRepresentation }

  /// An authority that was kept.
  package init(keyPEM: String, rootPEM: String) throws {
    do {
      key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM)
      let root = try Certificate(pemEncoded: rootPEM)
      guard root.publicKey == Certificate.PublicKey(key.publicKey) else { throw AuthorityError.foreignKey }
      name = root.subject
      self.rootPEM = rootPEM
    } catch {
      throw BulkheadError(
        .configuration, "the kept certificate authority cannot be used",
        cure: "delete the Secret that holds it, and enrol the workloads anew", cause: error)
    }
  }

  package init(commonName: String, now: Date, lifetime: TimeInterval = 30 * 86_400) throws {
    key = P256.Signing.PrivateKey()
    name = try DistinguishedName { CommonName(commonName) }
    let publicKey = Certificate.PublicKey(key.publicKey)
    let root = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: now - Self.allowedSkew, notValidAfter: now + lifetime, issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: publicKey)
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    rootPEM = try root.serializeAsPEM().pemString
  }

  private enum AuthorityError: Error { case foreignKey }

  /// The certificate of a server that is known by names of the DNS.
  package func issueServer(names: [String], now: Date) throws -> (chainPEM: String, keyPEM: String) {
    let leafKey = P256.Signing.PrivateKey()
    let subject = try DistinguishedName { CommonName(names.first ?? "server") }
    let leaf = try sign(
      Certificate.PublicKey(leafKey.publicKey), subject: subject, until: now + 30 * 86_400, now: now,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(names.map { .dnsName($0) })
      })
    return (try leaf.serializeAsPEM().pemString, leafKey.pemRepresentation)
  }

  /// What a pod shows to its discovery server: no mesh member trusts it, and it ends with the pod.
  /// - Parameter request: a certificate signing request in PEM; only its key counts.
  package func issueCredential(for pod: PodClaim, request: String, now: Date) throws -> String {
    let request = try CertificateSigningRequest(pemEncoded: request)
    guard request.publicKey.isValidSignature(request.signature, for: request) else {
      throw BulkheadError(.badInput, "the signing request is not signed with its own key")
    }
    let subject = try DistinguishedName { CommonName(pod.uid) }
    let leaf = try sign(
      request.publicKey, subject: subject, until: now + Self.credentialLifetime, now: now,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.clientAuth])
      })
    return try leaf.serializeAsPEM().pemString
  }

  /// It is good for as long as its pod is there, so this only bounds pods that live for very long.
  package static let credentialLifetime: TimeInterval = 365 * 86_400

  private func sign(
    _ publicKey: Certificate.PublicKey, subject: DistinguishedName, until: Date, now: Date,
    extensions: Certificate.Extensions
  ) throws -> Certificate {
    try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: now - Self.allowedSkew, notValidAfter: until, issuer: name, subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: Certificate.PrivateKey(key))
  }

  /// An X.509-SVID (X509-SVID, sections 2 to 4): empty subject, so the URI name is critical; no other name.
  package func issue(for identity: SpiffeID, now: Date) throws -> WorkloadCertificate {
    let leafKey = P256.Signing.PrivateKey()
    let publicKey = Certificate.PublicKey(leafKey.publicKey)
    // Whole seconds, as certificates hold them: rounding must not lengthen a life.
    let expiry = Date(timeIntervalSince1970: (now + Self.leafLifetime).timeIntervalSince1970.rounded(.down))
    let leaf = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: now - Self.allowedSkew, notValidAfter: expiry, issuer: name, subject: DistinguishedName(),
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth, .clientAuth])
        Critical(SubjectAlternativeNames([.uniformResourceIdentifier(identity.description)]))
        AuthorityKeyIdentifier(
          keyIdentifier: SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey)).keyIdentifier)
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    return WorkloadCertificate(
      identity: identity, chainPEM: try leaf.serializeAsPEM().pemString, privateKeyPEM: leafKey.pemRepresentation,
      renewal: now + Self.leafLifetime / 2, expiry: expiry)
  }
}

/// A leaf with its private key. Printing or reflecting it never shows the key.
package struct WorkloadCertificate: Sendable, CustomStringConvertible, CustomReflectable {
  package let identity: SpiffeID
  package let chainPEM: String
  let privateKeyPEM: String
  /// When to replace it.
  package let renewal: Date
  package let expiry: Date

  package var description: String { "certificate of \(identity), valid until \(expiry)" }
  package var customMirror: Mirror { Mirror(self, children: ["identity": identity.description]) }
}
