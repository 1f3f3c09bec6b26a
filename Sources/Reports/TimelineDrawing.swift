import Rollout
import Trials

/// The waves on a time line: one bar a wave, cut into the canary's shares, the trials and the rest.
struct TimelineDrawing {
  let waves: [WaveRecord]
  let total: Double

  var svg: HTMLText {
    let (left, width, row) = (170.0, 900.0, 34.0)
    let scale = width / max(total, 1)
    let height = Double(waves.count) * row + 34
    let bars = waves.enumerated().map { index, wave in bar(wave, y: Double(index) * row + 8, left, scale) }
    let ticks = stride(from: 0.0, through: total, by: tick).map { second -> HTMLText in
      """
      <line class="tick" x1="\(left + second * scale)" x2="\(left + second * scale)" y1="4" y2="\(height - 26)"/>\
      <text class="axis" x="\(left + second * scale)" y="\(height - 10)">\(Figures.seconds(second))</text>
      """
    }
    return """
      <svg viewBox="0 0 \(left + width + 40) \(height)" role="img" aria-label="waves over time">\(ticks)\(bars)</svg>
      """
  }

  private var tick: Double { [5, 10, 20, 30, 60, 120, 300].first { total / $0 <= 12 } ?? 600 }

  private func bar(_ wave: WaveRecord, y: Double, _ left: Double, _ scale: Double) -> HTMLText {
    var x = left + wave.startSeconds * scale
    let end = x + wave.seconds * scale
    var parts: HTMLText = """
      <text class="label" x="\(left - 10)" y="\(y + 16)">\(wave.name)</text>\
      <rect class="rest \(wave.result.rawValue)" x="\(x)" y="\(y)" width="\(max(2, end - x))" height="22" rx="4"/>
      """
    for share in wave.canary {
      parts += segment(&x, share.seconds * scale, y, "share", "\(share.percent) %", share.verdict)
    }
    for trial in wave.trials {
      let style = trial.result == .pass ? "trial" : "trial failed"
      parts += segment(&x, trial.seconds * scale, y, style, trial.faults.first ?? "", trial.result.rawValue)
    }
    return parts
  }

  private func segment(
    _ x: inout Double, _ width: Double, _ y: Double, _ style: String, _ text: String, _ verdict: String
  ) -> HTMLText {
    defer { x += width }
    let label: HTMLText =
      width > 26 && text.count < 6
      ? "<text class=\"inside\" x=\"\(x + width / 2)\" y=\"\(y + 15)\">\(text)</text>" : ""
    return """
      <g><title>\(text): \(verdict)</title><rect class="\(style)" x="\(x)" y="\(y)" width="\(max(1, width - 1))" \
      height="22" rx="3"/>\(label)</g>
      """
  }
}
