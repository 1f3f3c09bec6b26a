extension String {
  /// The string without characters that could steer a terminal or reorder text: C0, C1, DEL, bidirectional controls,
  /// zero-width and line separators. Each becomes U+FFFD so that nothing vanishes silently.
  package var safeForTerminal: String {
    guard unicodeScalars.contains(where: { $0.steersTerminal }) else { return self }
    var scalars = String.UnicodeScalarView()
    for scalar in unicodeScalars { scalars.append(scalar.steersTerminal ? "\u{FFFD}" : scalar) }
    return String(scalars)
  }
}

extension Unicode.Scalar {
  fileprivate var steersTerminal: Bool {
    switch value {
    case 0x00...0x1F, 0x7F...0x9F: true
    case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF, 0x061C: true
    default: false
    }
  }
}
