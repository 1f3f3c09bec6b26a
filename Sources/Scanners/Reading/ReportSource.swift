import Diagnostics

/// A report as bytes, and the name people know it by.
package struct ReportSource: Sendable {
  package var name: String
  package var bytes: [UInt8]
  /// The image it is about, where the user says so: a Clair report names a digest only.
  package var image: String?

  package init(name: String, bytes: [UInt8], image: String? = nil) {
    self.name = name
    self.bytes = bytes
    self.image = image
  }

  var location: SourceLocation { SourceLocation(file: name, line: 0) }

  func error(_ message: String, cure: String, line: Int = 0) -> BulkheadError {
    BulkheadError(.badInput, message, cure: cure, location: SourceLocation(file: name, line: line))
  }
}

/// What a report may cost. Beyond a limit there is one clear error before the costly work is begun.
package enum ReportLimits {
  /// One report, in bytes. A full report of a large image has some ten megabytes.
  package static let reportBytes = 64_000_000
  package static let vulnerabilities = 200_000
  package static let images = 20_000
  package static let statements = 100_000
  /// Names, digests and aliases of one thing.
  package static let names = 256
}
