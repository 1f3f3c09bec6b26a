import EnvoyMesh
import Foundation
import IntentModel
import SwiftASN1
import Testing
import X509

@Suite struct AuthorityTests {
  private let identity = SpiffeID(trustDomain: "bulkhead.local", namespace: "shop", account: "api")

  @Test func leavesAreX509SVIDs() throws {
    let now = Date()
    let authority = try CertificateAuthority(commonName: "root", now: now)
    let issued = try authority.issue(for: identity, now: now)
    let leaf = try Certificate(pemEncoded: issued.chainPEM)
    #expect(leaf.subject.isEmpty)
    let names = try #require(leaf.extensions[oid: .X509ExtensionID.subjectAlternativeName])
    #expect(names.critical)
    #expect(
      try Array(SubjectAlternativeNames(names)) == [
        .uniformResourceIdentifier("spiffe://bulkhead.local/ns/shop/sa/api")
      ])
    let usage = try #require(try leaf.extensions.extendedKeyUsage)
    #expect(Set(usage) == [.serverAuth, .clientAuth])
    #expect(leaf.notValidAfter.timeIntervalSince(now) <= 3600)
    #expect(issued.renewal.timeIntervalSince(now) == 1800)
  }

  @Test func rootsVouchForTheirOwnLeavesAlone() throws {
    let now = Date()
    let authority = try CertificateAuthority(commonName: "root", now: now)
    let foreign = try CertificateAuthority(commonName: "root", now: now)
    let root = try Certificate(pemEncoded: authority.rootPEM)
    let leaf = try Certificate(pemEncoded: authority.issue(for: identity, now: now).chainPEM)
    let forged = try Certificate(pemEncoded: foreign.issue(for: identity, now: now).chainPEM)
    #expect(root.publicKey.isValidSignature(leaf.signature, for: leaf))
    #expect(!root.publicKey.isValidSignature(forged.signature, for: forged))
  }

  @Test func keysDoNotAppearWhenPrinted() throws {
    let issued = try CertificateAuthority(commonName: "root", now: Date()).issue(for: identity, now: Date())
    var dumped = ""
    dump(issued, to: &dumped)
    for text in ["\(issued)", String(reflecting: issued), dumped] { #expect(!text.contains("PRIVATE")) }
  }
}
