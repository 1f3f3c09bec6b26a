package import Diagnostics
package import FleetModel

/// One input: its name as the user gave it (`-` for standard input) and its bytes.
package struct InputSource: Sendable, Equatable {
  package var name: String
  package var bytes: [UInt8]

  package init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

/// What an input says: the fleet, and everything a person should know about the input itself.
package struct IntakeResult: Sendable, Equatable {
  package var fleet: Fleet
  /// Sorted by location, then code.
  package var findings: [Finding]
  /// How many YAML or JSON documents held something (empty ones do not count).
  package var documents: Int

  package init(fleet: Fleet, findings: [Finding], documents: Int) {
    self.fleet = fleet
    self.findings = findings
    self.documents = documents
  }
}
