/// Merge patches for a pod template, written straight into bytes: an audit writes one for every finding, and in a large
/// fleet they are most of its work.
struct PatchText {
  private var bytes: [UInt8] = []
  private var depth: Int

  /// The lines down to the pod's specification, which the kind of the object decides.
  init(kind: String) {
    bytes.reserveCapacity(384)
    switch kind {
    case "Pod":
      bytes.append(contentsOf: "spec:".utf8)
      depth = 1
    case "CronJob":
      bytes.append(contentsOf: "spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:".utf8)
      depth = 5
    default:
      bytes.append(contentsOf: "spec:\n  template:\n    spec:".utf8)
      depth = 3
    }
  }

  /// Adds lines, indented from zero below the pod's specification or deeper.
  mutating func add(_ lines: String, deeper: Int = 0) {
    var lines = lines
    let indent = 2 * (depth + deeper)
    lines.withUTF8 { text in
      var start = 0
      while start < text.count {
        var end = start
        while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
        if end > start {
          bytes.append(UInt8(ascii: "\n"))
          bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent))
          bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<end]))
        }
        start = end + 1
      }
    }
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }
}
