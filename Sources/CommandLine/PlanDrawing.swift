import Diagnostics
import FleetModel
import IntentModel
import Planning

/// The time line and the exposure curve of a plan as SVG, without scripts, fonts or links.
struct PlanDrawing {
  private let plan: Plan
  private static let left = 64.0
  private static let right = 900.0
  private static let top = 30.0
  private static let height = 220.0

  init(_ plan: Plan) { self.plan = plan }

  var svg: String {
    let rows = Double(plan.waves.count)
    let bottom = Self.top + Self.height
    let total = bottom + 46 + rows * 26 + 16
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 \(Self.plain(total))" font-family="sans-serif" \
      font-size="12" role="img" aria-label="waves and exposure">
      <rect width="960" height="\(Self.plain(total))" fill="#ffffff"/>
      \(curve(bottom))\(bars(bottom + 46))</svg>

      """
  }

  private func x(_ wave: Int) -> Double {
    Self.left + (Self.right - Self.left) * Double(wave) / Double(max(1, plan.waves.count))
  }

  private func curve(_ bottom: Double) -> String {
    let curve = plan.exposure?.curve ?? []
    guard let top = curve.max(), top > 0 else { return "" }
    func y(_ value: Double) -> Double { bottom - Self.height * value / top }
    var line = ""
    for (index, value) in curve.enumerated() {
      // Exposure falls when a wave is done, so it is a staircase.
      line += index == 0 ? "M" : "H\(Self.plain(x(index))) V"
      line += index == 0 ? "\(Self.plain(x(0))) \(Self.plain(y(value)))" : Self.plain(y(value))
      line += " "
    }
    let area = line + "V\(Self.plain(bottom)) H\(Self.plain(Self.left)) Z"
    var text = "<path d=\"\(area)\" fill=\"#c0392b\" fill-opacity=\"0.12\"/>\n"
    text += "<path d=\"\(line)\" fill=\"none\" stroke=\"#c0392b\" stroke-width=\"2\"/>\n"
    for share in [0.0, 0.5, 1.0] {
      text += """
        <line x1="\(Self.plain(Self.left))" x2="\(Self.plain(Self.right))" y1="\(Self.plain(y(top * share)))" \
        y2="\(Self.plain(y(top * share)))" stroke="#bbbbbb" stroke-width="0.5"/>
        <text x="\(Self.plain(Self.left - 6))" y="\(Self.plain(y(top * share) + 4))" text-anchor="end" \
        fill="#444444">\(PlanTimeline.figure(top * share))</text>

        """
    }
    return text + "<text x=\"\(Self.plain(Self.left))\" y=\"18\" fill=\"#222222\">exposure that is left</text>\n"
  }

  private func bars(_ begin: Double) -> String {
    var text = ""
    for wave in plan.waves {
      let y = begin + Double(wave.index) * 26
      let width = max(2, x(wave.index + 1) - x(wave.index) - 2)
      let entering = Set(wave.steps.filter { $0.action == .enrol }.map(\.workload)).count
      let times = wave.window.map { " · \($0.start) to \($0.end)" } ?? ""
      let label = "\(wave.name)\(times)"
      let isRight = wave.index * 2 >= plan.waves.count
      text += """
        <rect x="\(Self.plain(x(wave.index)))" y="\(Self.plain(y))" width="\(Self.plain(width))" height="18" rx="3" \
        fill="\(entering > 0 ? "#2c6fbb" : "#3c8d5a")"><title>\(Self.escaped(label))</title></rect>
        <text x="\(Self.plain(isRight ? x(wave.index) - 6 : x(wave.index) + width + 6))" y="\(Self.plain(y + 13))" \
        text-anchor="\(isRight ? "end" : "start")" fill="#222222">\(Self.escaped(label))</text>

        """
    }
    return text
  }

  private static func plain(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.safeForTerminal {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}
