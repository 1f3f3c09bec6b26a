import SwiftASN1
import X509

/// The URI name in a certificate.
func certificateURI(_ pem: String) throws -> String? {
  let names = try Certificate(pemEncoded: pem).extensions.subjectAlternativeNames ?? SubjectAlternativeNames()
  for case .uniformResourceIdentifier(let uri) in names { return uri }
  return nil
}
