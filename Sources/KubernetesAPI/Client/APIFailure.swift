package import Diagnostics
import FleetModel
import Intake
import NIOHTTP1

/// Why a request came to nothing, for programs to act on.
package struct APIFailure: Error, Sendable, CustomStringConvertible {
  package enum Kind: Sendable, Equatable {
    /// No connection: nothing was sent, nothing was done.
    case unreachable
    /// The connection broke, or no answer came in time: what was asked for may have been done.
    case interrupted
    /// A write was interrupted, and looking again did not tell either.
    case unknown
    case unauthenticated, forbidden, notFound
    /// The object is not as the precondition wants it, or is there already.
    case conflict
    /// Fields belong to other managers: see `owners`.
    case fieldConflict
    /// 410: the version or the page is no longer known.
    case gone
    case invalid, tooManyRequests, server
    /// An answer that no API server gives.
    case malformed
    case tooLarge, redirected, other
  }

  /// A field that another manager owns.
  package struct Owner: Sendable, Equatable {
    package var manager: String
    package var field: String
  }

  package var kind: Kind
  /// What was asked: verb and path.
  package var place: String
  package var message: String
  /// 0 where there was no answer.
  package var status = 0
  package var reason = ""
  package var owners: [Owner] = []
  /// Seconds, from the server.
  package var retryAfter: Int?
  /// Finds the request in the cluster's audit log.
  package var auditID: String?

  init(_ kind: Kind, _ place: String, _ message: String) {
    (self.kind, self.place, self.message) = (kind, place, message)
  }

  /// Reads an answer whose status is no success.
  init(_ answer: APIAnswer, place: String) {
    let status = (try? JSONItem.read(answer.body).value).flatMap { $0["kind"]?.string == "Status" ? $0 : nil }
    let causes = status?["details"]?["causes"]?.elements ?? []
    let owners = causes.filter { $0["reason"]?.string == "FieldManagerConflict" }.map {
      Owner(manager: Self.quoted($0["message"]?.string ?? ""), field: $0["field"]?.string ?? "")
    }
    let text = status?["message"]?.string ?? String(decoding: answer.body.prefix(200), as: UTF8.self)
    let said = text.isEmpty ? "the server answers \(answer.status) and says no more" : String(text.prefix(2_000))
    self.init(Self.kind(answer.status, owners), place, said.safeForTerminal)
    self.status = answer.status
    self.owners = owners
    reason = (status?["reason"]?.string ?? "").safeForTerminal
    let told = answer.headers.first(name: "Retry-After").flatMap { Int($0) }
    retryAfter = (told ?? status?["details"]?["retryAfterSeconds"]?.integer).map { max(0, $0) }
    auditID = answer.headers.first(name: "Audit-Id").map { String($0.prefix(64)).safeForTerminal }
    if kind == .redirected {
      let target = (answer.headers.first(name: "Location") ?? "nowhere").prefix(200)
      message = "the server redirects to '\(String(target).safeForTerminal)', which is not followed"
    }
  }

  private static func kind(_ status: Int, _ owners: [Owner]) -> Kind {
    switch status {
    case 300..<400: .redirected
    case 401: .unauthenticated
    case 403: .forbidden
    case 404: .notFound
    case 409: owners.isEmpty ? .conflict : .fieldConflict
    case 410: .gone
    case 400, 422: .invalid
    case 429: .tooManyRequests
    case 500...: .server
    default: .other
    }
  }

  /// `conflict with "kubectl" using apps/v1` names its manager in quotes.
  private static func quoted(_ text: String) -> String {
    let parts = text.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
    return (parts.count == 3 ? String(parts[1]) : text).safeForTerminal
  }

  /// Whether asking again may help, without harm for what only reads.
  package var isTransient: Bool {
    switch kind {
    case .unreachable, .interrupted, .tooManyRequests, .server: true
    default: false
    }
  }

  package var description: String { error.description }

  /// The same for people, with an exit code and a cure.
  package var error: BulkheadError {
    let answered = status > 0 ? " (\(status)\(reason.isEmpty ? "" : " \(reason)"))" : ""
    let audit = auditID.map { "; Audit-Id \($0)" } ?? ""
    let (exit, cure) = advice
    let fields = owners.prefix(10).map { "\($0.field) belongs to \($0.manager)" }.joined(separator: ", ")
    let whose = fields.isEmpty ? "" : "; \(fields.safeForTerminal)"
    return BulkheadError(exit, "\(place): \(message)\(answered)\(whose)\(audit)", cure: cure)
  }

  private var ownerNames: String { Set(owners.map(\.manager)).sorted().joined(separator: ", ") }

  private var advice: (ExitCode, String) {
    switch kind {
    case .unreachable: (.targetUnreachable, "see whether address and certificates are right: kubectl version")
    case .interrupted, .server, .malformed:
      (.targetUnreachable, "try again; 'kubectl get --raw /readyz?verbose' tells more")
    case .unknown: (.targetUnreachable, "look at the object before anything else is done: it may have been changed")
    case .unauthenticated: (.notPermitted, "log in again: the credentials have expired or are wrong")
    case .forbidden: (.notPermitted, "ask for the right that is named; see 'kubectl auth can-i --list'")
    case .fieldConflict:
      (.configuration, "have the fields changed by their owner (\(ownerNames)), or take them over on purpose")
    case .conflict, .gone, .tooManyRequests: (.tryAgain, "try again: the object has changed, or the server is busy")
    case .notFound, .invalid, .other: (.badInput, "compare the object with what the server knows: kubectl explain")
    case .tooLarge: (.targetUnreachable, "ask for one namespace at a time with -n")
    case .redirected: (.configuration, "name the final address as the cluster's server, if you trust it")
    }
  }
}
