import Dispatch
import Synchronization

/// Work on many independent things on all processors, with the results in order.
///
/// Blocking, as the callers are: the calling thread works along, so nothing waits for a free thread.
enum SideBySide {
  /// Less than this (in bytes of input) is not worth a thread.
  private static let grain = 32 * 1024

  /// `map`, in chunks of about the same weight.
  static func map<Element: Sendable, Result: Sendable>(
    _ elements: [Element], weight: (Element) -> Int, _ body: @Sendable (Element) -> Result
  ) -> [Result] {
    let chunks = self.chunks(elements.map(weight))
    guard chunks.count > 1 else { return elements.map(body) }
    let results = Mutex<[[Result]]>(Array(repeating: [], count: chunks.count))
    DispatchQueue.concurrentPerform(iterations: chunks.count) { number in
      let chunk = elements[chunks[number]].map(body)
      results.withLock { $0[number] = chunk }
    }
    return results.withLock { $0.flatMap(\.self) }
  }

  /// Ranges of at least the grain each, and small enough that no processor waits long for the last one.
  private static func chunks(_ weights: [Int]) -> [Range<Int>] {
    let size = max(grain, weights.reduce(0, +) / 64)
    var result: [Range<Int>] = []
    var start = 0
    var sum = 0
    for (index, weight) in weights.enumerated() {
      sum += weight
      guard sum >= size else { continue }
      result.append(start..<index + 1)
      (start, sum) = (index + 1, 0)
    }
    if start < weights.count { result.append(start..<weights.count) }
    return result
  }
}
