/// The headers stand-ins exchange. Names are lower case, as HTTP/2 wants them.
package enum StandinHeader {
  /// `canary` for the canary's users; handed on unchanged from the first hop to the last.
  package static let cohort = "x-bulkhead-cohort"
  package static let canary = "canary"
  /// The calling workload, `namespace/name`.
  package static let caller = "x-bulkhead-caller"
  /// The answering pod: its presence tells a stand-in's answer from a proxy's.
  package static let pod = "x-bulkhead-pod"
  /// The workload at which a failure began.
  package static let origin = "x-bulkhead-origin"
  /// Echo of the client identity the sidecar saw (`x-forwarded-client-cert`).
  package static let peer = "x-bulkhead-peer"
  package static let clientCertificate = "x-forwarded-client-cert"
  package static let trace = "traceparent"
}

/// The one line a TCP caller sends: `GET <cohort|-> <caller> <traceparent>`.
package struct LineRequest: Sendable, Equatable {
  package var cohort: String?
  package var caller: String
  package var trace: String

  package init(cohort: String?, caller: String, trace: String) {
    self.cohort = cohort
    self.caller = caller
    self.trace = trace
  }

  /// - Parameter line: without its line feed.
  package init?(line: Substring) {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 4, words[0] == "GET", words.allSatisfy({ !$0.isEmpty }), line.isPrintable else { return nil }
    self.init(cohort: words[1] == "-" ? nil : String(words[1]), caller: String(words[2]), trace: String(words[3]))
  }

  /// With its line feed.
  package var text: String { "GET \(cohort ?? "-") \(caller) \(trace)\n" }
}

/// The one line a TCP callee answers with.
package enum LineReply: Sendable, Equatable {
  case ok(pod: String)
  /// The request failed at or below the workload named.
  case failed(origin: String)

  /// - Parameter line: without its line feed.
  package init?(line: Substring) {
    guard line.isPrintable else { return nil }
    if line.hasPrefix("OK "), line.count > 3 {
      self = .ok(pod: String(line.dropFirst(3)))
    } else if line.hasPrefix("ERR "), line.count > 4 {
      self = .failed(origin: String(line.dropFirst(4)))
    } else {
      return nil
    }
  }

  /// With its line feed.
  package var text: String {
    switch self {
    case .ok(let pod): "OK \(pod)\n"
    case .failed(let origin): "ERR \(origin)\n"
    }
  }
}

extension Substring {
  /// Printable ASCII alone: what a line brings may go on in an HTTP header, where a control character could end it.
  fileprivate var isPrintable: Bool { utf8.allSatisfy { (0x20...0x7e).contains($0) } }
}
