/// Text from files and clusters, made harmless for each format. One helper per format; all begin with the same: what
/// steers terminals, reorders text or cannot be seen becomes U+FFFD.
package enum InertText {
  /// For a line of a log or a table: no control character, no line break.
  package static func line(_ text: String) -> String { replaced(text) { $0.isSteering } }

  /// Several lines, of which none can be taken for a command to a CI runner (`::error …`, `##[…]`).
  static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { command(line(String($0))) }
  }

  /// A line that begins with `::` is a command to GitHub's runner, one with `##[` to others.
  package static func command(_ line: String) -> String {
    var result = line
    if line.drop(while: \.isWhitespace).hasPrefix("::") {
      let blanks = line.prefix(while: \.isWhitespace)
      result = blanks + ": :" + line.dropFirst(blanks.count + 2)
    }
    guard result.contains("##[") else { return result }
    return result.split(separator: "##[", omittingEmptySubsequences: false).joined(separator: "# #[")
  }

  /// For text and attributes of XML 1.0. Line breaks become references, so that no line begins with input.
  static func xml(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&apos;"
      case "\n": result += "&#10;"
      case "\t": result += "&#9;"
      case _ where scalar.isSteering || (0xFFFE...0xFFFF).contains(scalar.value): result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// For text in Markdown: punctuation that could mean something becomes a character reference, which renders as the
  /// character and is never taken for markup, a link, a mention or HTML.
  static func markdown(_ text: String) -> String {
    var result = ""
    var previous: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += " "
      case _ where scalar.isSteering: result += "\u{FFFD}"
      case "a"..."z", "A"..."Z", "0"..."9", " ", ",", "-", "/", "(", ")", "=", ";", "'", "?", "%":
        result.unicodeScalars.append(scalar)
      // `www.` makes a link in GitHub's dialect.
      case "." where previous != "w" && previous != "W": result += "."
      case _ where scalar.isASCII: result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
      previous = scalar
    }
    return result
  }

  /// A block of code in Markdown, with a fence longer than any that is in it.
  static func markdownCode(_ text: String, language: String) -> String {
    let lines = Self.lines(text)
    var longest = 0
    for line in lines {
      var run = 0
      for character in line {
        run = character == "`" ? run + 1 : 0
        longest = max(longest, run)
      }
    }
    let fence = String(repeating: "`", count: max(3, longest + 1))
    return "\(fence)\(language)\n\(lines.joined(separator: "\n"))\n\(fence)\n"
  }

  /// The message of a workflow command of GitHub.
  static func githubMessage(_ text: String) -> String { github(text, alsoColon: false) }

  /// A property of such a command, such as the title.
  static func githubProperty(_ text: String) -> String { github(text, alsoColon: true) }

  private static func github(_ text: String, alsoColon: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      case ":" where alsoColon: result += "%3A"
      case "," where alsoColon: result += "%2C"
      case _ where scalar.isSteering: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A path as the reference of a URI (RFC 3986): everything unusual as octets in percent form.
  static func uriPath(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in path.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E: result.append(byte)
      default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func replaced(_ text: String, _ isBad: (Unicode.Scalar) -> Bool) -> String {
    guard text.unicodeScalars.contains(where: isBad) else { return text }
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { scalars.append(isBad(scalar) ? "\u{FFFD}" : scalar) }
    return String(scalars)
  }
}

extension Unicode.Scalar {
  /// Control characters, bidirectional controls, line separators, zero-width and tag characters.
  var isSteering: Bool {
    switch value {
    case 0x00...0x1F, 0x7F...0x9F, 0x00AD, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF9...0xFFFB, 0xE0000...0xE007F:
      true
    default: false
    }
  }
}
