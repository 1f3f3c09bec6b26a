/// What one breakout probe needs to know; given as JSON in the probe container's arguments.
package struct ProbeOrder: Codable, Sendable, Equatable {
  /// The vector's code, such as `L17`.
  package var vector: String
  /// The exact secret that only the node side knows; finding a prefix proves nothing.
  package var nonce: String
  /// Vector-specific facts: paths inside the container, addresses, ports.
  package var facts: [String: String]

  package init(vector: String, nonce: String, facts: [String: String] = [:]) {
    self.vector = vector
    self.nonce = nonce
    self.facts = facts
  }
}

/// What a probe saw. For a vector that writes, the twin confirms on the node's side before it believes `escaped`.
package struct ProbeOutcome: Codable, Sendable, Equatable {
  package enum Result: String, Codable, Sendable { case escaped, contained, inconclusive }
  package var vector: String
  package var result: Result
  /// The step that decided, such as `open /proc/1/root`.
  package var step: String
  /// The errno's name where a system call was refused.
  package var errno: String?

  package init(vector: String, result: Result, step: String, errno: String? = nil) {
    self.vector = vector
    self.result = result
    self.step = step
    self.errno = errno
  }
}
