/// An error a person reads: what went wrong, where, and how to cure it, with the exit code it leads to.
package struct BulkheadError: Error, Sendable, CustomStringConvertible {
  package var exit: ExitCode
  package var message: String
  /// What to do about it; empty only where nothing can be done.
  package var cure: String
  package var location: SourceLocation?
  package var cause: (any Error)?

  package init(
    _ exit: ExitCode, _ message: String, cure: String = "", location: SourceLocation? = nil,
    cause: (any Error)? = nil
  ) {
    self.exit = exit
    self.message = message
    self.cure = cure
    self.location = location
    self.cause = cause
  }

  package var description: String {
    var text = location.map { "\($0): " } ?? ""
    text += message
    if let cause { text += " (\(cause))" }
    if !cure.isEmpty { text += "\n  cure: \(cure)" }
    return text
  }
}
