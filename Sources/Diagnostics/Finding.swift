/// Something a person should know about their input: a stable code, what, where and how to cure it.
package struct Finding: Hashable, Codable, Sendable {
  /// Stable code such as `BH-INTAKE-004`; never reused for another meaning.
  package var code: String
  package var title: String
  package var severity: Severity
  /// The object concerned as `namespace/name[Kind]`, or empty when a whole file is meant.
  package var resource: String
  package var message: String
  package var fix: String
  package var location: SourceLocation?

  package init(
    code: String, title: String, severity: Severity, resource: String = "", message: String, fix: String,
    location: SourceLocation? = nil
  ) {
    self.code = code
    self.title = title
    self.severity = severity
    self.resource = resource
    self.message = message
    self.fix = fix
    self.location = location
  }
}
