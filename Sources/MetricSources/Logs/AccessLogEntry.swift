import Judgement

/// One request as an Envoy's access log tells it.
struct AccessLogEntry: Equatable {
  /// When it ended, in seconds since 1970.
  var ended: Double
  /// Milliseconds.
  var duration: Double?
  var outcome: RequestClass
  /// The host that was asked for, and the cluster that was to answer.
  var authority: String?
  var cluster: String?
  /// Nil where the log does not tell the arms.
  var arm: Arm?
  /// 1 for the first attempt; nil where the log does not tell.
  var attempt: Int?

  /// Reads a line in JSON, or in Envoy's or Istio's default text format. Nil for any other line.
  init?(_ line: ArraySlice<UInt8>) {
    guard let first = line.first else { return nil }
    if first == UInt8(ascii: "{") {
      guard let tree = try? JSONTree(Array(line)) else { return nil }
      self.init(tree)
    } else {
      guard let text = String(validating: line, as: UTF8.self) else { return nil }
      self.init(text: text[...])
    }
  }

  private init?(start: Double, duration: Double?, outcome: RequestClass) {
    // A request that lasts longer than a month is a broken line.
    guard duration.map({ $0 >= 0 && $0 < 3e9 }) ?? true else { return nil }
    ended = start + (duration ?? 0) / 1_000
    self.duration = duration
    self.outcome = outcome
  }

  /// Keys as in Istio's JSON log, and `cohort`, `attempt_count`, `grpc_status` as docs/metrics.md asks for.
  private init?(_ tree: JSONTree) {
    guard let start = tree["start_time"]?.text.flatMap({ Moment.seconds($0[...]) }),
      let code = tree["response_code"]?.looseNumber, code >= 0, code < 1_000
    else { return nil }
    let details = tree["response_code_details"]?.text ?? ""
    let grpc = tree["grpc_status"]?.looseNumber.flatMap { Int(exactly: $0) }
    guard
      let outcome = RequestClass(
        code: Int(code), flags: tree["response_flags"]?.text ?? "", details: details, grpc: grpc)
    else { return nil }
    self.init(start: start, duration: tree["duration"]?.looseNumber, outcome: outcome)
    authority = tree["authority"]?.text
    cluster = tree["upstream_cluster"]?.text
    attempt = tree["attempt_count"]?.looseNumber.flatMap { Int(exactly: $0) }
    if let cohort = tree["cohort"] { arm = cohort.text == Arm.canary.rawValue ? .canary : .baseline }
  }

  /// `[TIME] "METHOD PATH PROTOCOL" CODE FLAGS …`. All that a client may write freely comes after what is read from the
  /// front, and before the authority, which is read from the end; a path has no blanks.
  private init?(text line: Substring) {
    guard line.first == "[", let close = line.firstIndex(of: "]"),
      let start = Moment.seconds(line[line.index(after: line.startIndex)..<close])
    else { return nil }
    let request = line[line.index(after: close)...].drop { $0 == " " }
    let words = request.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: true)
    guard words.count == 7, words[0].first == "\"", words[2].last == "\"", let code = Int(words[3]),
      (0...999).contains(code)
    else { return nil }
    // Istio writes details, termination details and a quoted reason before the bytes.
    let isIstio = Int(words[5]) == nil
    var rest = words[6]
    let details = isIstio ? String(words[5]) : ""
    if isIstio {
      guard let reason = rest.firstIndex(of: "\""), let end = rest[rest.index(after: reason)...].firstIndex(of: "\"")
      else { return nil }
      rest = rest[rest.index(after: end)...].drop { $0 == " " }
      // Bytes received; the default format had them already.
      guard let blank = rest.firstIndex(of: " "), Int(rest[..<blank]) != nil else { return nil }
      rest = rest[rest.index(after: blank)...]
    }
    let numbers = rest.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
    guard numbers.count == 3, Int(numbers[0]) != nil,
      let outcome = RequestClass(code: code, flags: String(words[4]), details: details)
    else { return nil }
    self.init(start: start, duration: Double(numbers[1]), outcome: outcome)
    // Quoted at the end: … "authority" "upstream host", to which Istio adds more, unquoted.
    let quoted = numbers[2].split(separator: "\"", omittingEmptySubsequences: false)
    if quoted.count >= 5 { authority = String(quoted[quoted.count - 4]) }
  }

  /// Whether this request is one to a service, `namespace/name`.
  func isTo(_ service: ServiceName) -> Bool {
    [authority, cluster.map { String($0.split(separator: "|").last ?? "") }].contains { place in
      guard let place else { return false }
      let host = place.split(separator: ":", maxSplits: 1).first ?? ""
      let labels = host.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
      guard labels.first.map(String.init) == service.name else { return false }
      guard let namespace = service.namespace else { return true }
      return labels.count >= 2 && labels[1] == namespace
    }
  }
}
