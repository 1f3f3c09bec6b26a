package import Audit
import FleetModel

/// The difference of two audits for programs, `bulkhead.diff/1`.
package struct DifferenceDocument {
  private let difference: AuditDifference

  package init(_ difference: AuditDifference) { self.difference = difference }

  package func writeJSON(to sink: @escaping ([UInt8]) -> Void) {
    var writer = JSONWriter(sink)
    writer.openMapping(nil, isRow: false)
    writer.string("schema", "bulkhead.diff/1")
    write("new", difference.new, &writer)
    write("fixed", difference.fixed, &writer)
    writer.openMapping("summary", isRow: true)
    writer.number("new", difference.new.count)
    writer.number("fixed", difference.fixed.count)
    writer.number("unchanged", difference.unchanged)
    writer.closeMapping()
    if let exposure = difference.exposure {
      writer.openMapping("exposure", isRow: true)
      writer.decimal("before", Self.rounded(exposure.before))
      writer.decimal("after", Self.rounded(exposure.after))
      writer.decimal("delta", Self.rounded(exposure.after - exposure.before))
      writer.closeMapping()
    }
    writer.closeMapping()
    writer.finish()
  }

  private func write(_ key: StaticString, _ findings: [AuditFinding], _ writer: inout JSONWriter) {
    writer.openList(key)
    for finding in findings { finding.write(to: &writer, showsBaseline: false) }
    writer.closeList()
  }

  /// Six decimals: beyond them the order of additions shows.
  package static func rounded(_ value: Double) -> Double {
    let result = (value * 1e6).rounded() / 1e6
    return result == 0 ? 0 : result
  }
}
