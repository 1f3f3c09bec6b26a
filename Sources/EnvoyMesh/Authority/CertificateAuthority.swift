import Crypto
package import IntentModel
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// A certificate authority for one run: its root key exists in memory alone and ends with it.
package struct CertificateAuthority: Sendable {
  /// How long a leaf is valid; it is replaced at half of that.
  package static let leafLifetime: TimeInterval = 3600
  /// Clocks of one machine agree; this covers a step backwards while a run lasts.
  private static let allowedSkew: TimeInterval = 60

  private let key: P256.Signing.PrivateKey
  private let name: DistinguishedName
  /// The root's certificate in PEM, the only thing verifiers need.
  package let rootPEM: String

  package init(commonName: String, now: Date) throws {
    key = P256.Signing.PrivateKey()
    name = try DistinguishedName { CommonName(commonName) }
    let publicKey = Certificate.PublicKey(key.publicKey)
    let root = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: now - Self.allowedSkew, notValidAfter: now + 30 * 86_400, issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: publicKey)
      },
      issuerPrivateKey: Certificate.PrivateKey(key))
    rootPEM = try root.serializeAsPEM().pemString
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
