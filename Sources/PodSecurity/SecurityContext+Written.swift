import FleetModel

extension SecurityContext {
  /// Added capabilities as the manifest has them: names are compared exactly, `CAP_CHOWN` is not `CHOWN`.
  ///
  /// Where the canonical names were changed after reading (hardening does that), they count.
  var addedNames: [String] { Self.written(addedCapabilitiesAsWritten, canonical: addedCapabilities) }
  var droppedNames: [String] { Self.written(droppedCapabilitiesAsWritten, canonical: droppedCapabilities) }

  private static func written(_ written: [String], canonical: [String]) -> [String] {
    if written == canonical { return written }
    guard written.count == canonical.count else { return canonical }
    for (name, expected) in zip(written, canonical) {
      let upper = name.uppercased()
      guard upper == expected || upper == "CAP_" + expected else { return canonical }
    }
    return written
  }
}
