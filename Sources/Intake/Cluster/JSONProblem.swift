/// What is wrong with a JSON text, and where: an offset in bytes from its beginning.
package struct JSONProblem: Error, Sendable, Equatable, CustomStringConvertible {
  package var offset: Int
  package var message: String

  package var description: String { "\(message) (byte \(offset))" }
}
