import Diagnostics

/// Text made inert for HTML and SVG: what comes from clusters and files cannot become markup or reorder a line.
struct HTMLText: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  private(set) var markup: String

  init(stringLiteral value: String) { markup = value }
  init(stringInterpolation: Interpolation) { markup = stringInterpolation.markup }
  init(raw: String) { markup = raw }

  static func + (left: HTMLText, right: HTMLText) -> HTMLText { HTMLText(raw: left.markup + right.markup) }
  static func += (left: inout HTMLText, right: HTMLText) { left.markup += right.markup }

  /// Interpolated values are escaped; markup already made stays as it is.
  struct Interpolation: StringInterpolationProtocol {
    var markup = ""
    init(literalCapacity: Int, interpolationCount: Int) {}
    mutating func appendLiteral(_ literal: String) { markup += literal }
    mutating func appendInterpolation(_ text: String) { markup += HTMLText.escape(text) }
    mutating func appendInterpolation(_ number: Int) { markup += String(number) }
    mutating func appendInterpolation(_ number: Double) { markup += Figures.plain(number) }
    mutating func appendInterpolation(_ html: HTMLText) { markup += html.markup }
    mutating func appendInterpolation(_ parts: [HTMLText]) { for part in parts { markup += part.markup } }
  }

  private static func escape(_ text: String) -> String {
    var result = ""
    for character in text.safeForTerminal {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }
}

/// Numbers as people read them.
enum Figures {
  /// At most two places, no trailing zeros.
  static func plain(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value > 0 ? "∞" : "−∞" }
    let cents = (value * 100).rounded() / 100
    return cents == cents.rounded() && abs(cents) < 1e15 ? String(Int(cents)) : String(cents)
  }

  static func percent(_ share: Double) -> String { share.isFinite ? plain(share * 100) + " %" : "–" }

  static func seconds(_ value: Double) -> String {
    value < 90 ? plain((value * 10).rounded() / 10) + " s" : "\(Int(value) / 60) min \(Int(value) % 60) s"
  }
}
