/// `--timings`: says on standard error how long each part of a command took.
struct Stopwatch {
  private let isOn: Bool
  private var last = ContinuousClock.now

  init(isOn: Bool) { self.isOn = isOn }

  /// Seconds since the last lap, with the part's name; `bench` scripts read these lines.
  mutating func lap(_ part: String) {
    guard isOn else { return }
    let now = ContinuousClock.now
    let milliseconds = Int((now - last) / .microseconds(100))
    StandardError.write("timing: \(part) \(milliseconds / 10).\(milliseconds % 10) ms\n")
    last = ContinuousClock.now
  }
}
