import Crypto
package import Diagnostics

/// An Ed25519 signature (RFC 8032) over a plan's canonical text: comments and layout of the file may change, nothing
/// else. It binds the fleet by its digest, which is part of the plan.
package struct PlanSignature: Sendable, Equatable {
  /// The signer's public key: hexadecimal, 32 bytes.
  package var publicKey: String
  /// Hexadecimal, 64 bytes.
  package var value: String

  package init(publicKey: String, value: String) {
    self.publicKey = publicKey
    self.value = value
  }

  private static let context = "bulkhead.dev/v1alpha1 Plan\n"

  private static func message(_ plan: Plan) -> [UInt8] { Array((context + PlanText(plan).text).utf8) }

  /// - Throws: `BulkheadError(.badInput)` when the key cannot sign.
  package static func sign(_ plan: Plan, with key: SigningKey) throws(BulkheadError) -> PlanSignature {
    do {
      let value = try key.privateKey.signature(for: message(plan))
      return PlanSignature(publicKey: key.publicKey.text, value: Hexadecimal.text(value))
    } catch {
      throw BulkheadError(.badInput, "the key cannot sign", cure: "make a new one with `bulkhead plan sign --new-key`")
    }
  }

  /// - Throws: `BulkheadError(.badInput)` unless the key signed exactly this plan.
  package func verify(_ plan: Plan, with key: VerifyingKey) throws(BulkheadError) {
    guard publicKey == key.text else {
      throw BulkheadError(
        .badInput, "the plan is signed by another key (\(publicKey.prefix(16).description.safeForTerminal)…)",
        cure: "ask the signer for the public key, or sign the plan after reviewing it")
    }
    guard let bytes = Hexadecimal.bytes(value), bytes.count == 64,
      key.publicKey.isValidSignature(bytes, for: Self.message(plan))
    else {
      throw BulkheadError(
        .badInput, "the signature does not fit the plan: the plan was changed after it was signed",
        cure: "restore the signed file, or review the change and sign it anew")
    }
  }
}

extension PlanSignature {
  /// Whether the plan is still the one that the holder of the key named in the file signed. Who that is, only
  /// `verify(_:with:)` can tell.
  /// - Throws: `BulkheadError(.badInput)` for a plan that was changed since.
  package func verifyUnchanged(_ plan: Plan) throws(BulkheadError) {
    try verify(plan, with: try VerifyingKey(Hexadecimal.bytes(publicKey) ?? []))
  }
}

/// A private key, from PEM (PKCS #8, as `openssl genpkey -algorithm ed25519` writes it) or its 32 bytes.
package struct SigningKey: Sendable {
  let privateKey: Curve25519.Signing.PrivateKey

  package init() { privateKey = Curve25519.Signing.PrivateKey() }

  package var publicKey: VerifyingKey { VerifyingKey(publicKey: privateKey.publicKey) }

  /// - Throws: `BulkheadError(.badInput)` for anything that is no such key.
  package init(_ bytes: [UInt8]) throws(BulkheadError) {
    guard let raw = KeyText.raw(bytes, label: "PRIVATE KEY", prefix: KeyText.privatePrefix),
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
    else {
      throw BulkheadError(
        .badInput, "this is no Ed25519 private key",
        cure: "give PEM (PKCS #8) or 32 bytes; `bulkhead plan sign --new-key FILE` makes one")
    }
    privateKey = key
  }

  package var pem: String { KeyText.pem(KeyText.privatePrefix + Array(privateKey.rawRepresentation), "PRIVATE KEY") }
}

/// A public key, from PEM (SubjectPublicKeyInfo) or its 32 bytes.
package struct VerifyingKey: Sendable {
  let publicKey: Curve25519.Signing.PublicKey

  init(publicKey: Curve25519.Signing.PublicKey) { self.publicKey = publicKey }

  /// - Throws: `BulkheadError(.badInput)` for anything that is no such key.
  package init(_ bytes: [UInt8]) throws(BulkheadError) {
    guard let raw = KeyText.raw(bytes, label: "PUBLIC KEY", prefix: KeyText.publicPrefix),
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
    else {
      throw BulkheadError(
        .badInput, "this is no Ed25519 public key",
        cure: "give PEM or 32 bytes; `bulkhead plan sign` says where it wrote the public key")
    }
    publicKey = key
  }

  package var text: String { Hexadecimal.text(publicKey.rawRepresentation) }
  package var pem: String { KeyText.pem(KeyText.publicPrefix + Array(publicKey.rawRepresentation), "PUBLIC KEY") }
}

/// RFC 8410: the DER of an Ed25519 key is a fixed prefix and 32 bytes.
private enum KeyText {
  static let privatePrefix: [UInt8] = [
    0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ]
  static let publicPrefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]

  static func raw(_ bytes: [UInt8], label: String, prefix: [UInt8]) -> [UInt8]? {
    if bytes.count == 32 { return bytes }
    guard bytes.count <= 4_096, let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingBlanks }
    guard let begin = lines.firstIndex(of: "-----BEGIN \(label)-----"),
      let end = lines.firstIndex(of: "-----END \(label)-----"), begin < end,
      let der = Base64.bytes(lines[(begin + 1)..<end].joined()), der.count == prefix.count + 32,
      der.starts(with: prefix)
    else { return nil }
    return Array(der.suffix(32))
  }

  static func pem(_ der: [UInt8], _ label: String) -> String {
    "-----BEGIN \(label)-----\n\(Base64.text(der))\n-----END \(label)-----\n"
  }
}

extension Substring {
  fileprivate var trimmingBlanks: String {
    var text = self
    while text.last?.isWhitespace ?? false { text.removeLast() }
    while text.first?.isWhitespace ?? false { text.removeFirst() }
    return String(text)
  }
}

private enum Hexadecimal {
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static func bytes(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }
}

/// RFC 4648, with padding.
private enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = Array(bytes[start..<min(start + 3, bytes.count)])
      let bits = part.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
      for place in 0..<4 {
        result.append(place <= part.count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  static func bytes(_ text: String) -> [UInt8]? {
    let symbols = Array(text.utf8)
    guard symbols.count.isMultiple(of: 4), !symbols.isEmpty else { return nil }
    let padding = symbols.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var result: [UInt8] = []
    var bits = 0
    var count = 0
    for symbol in symbols.dropLast(padding) {
      guard let value = alphabet.firstIndex(of: symbol) else { return nil }
      bits = (bits << 6 | value) & 0xFFFFFF
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(bits >> count & 0xFF))
      }
    }
    return result
  }
}
