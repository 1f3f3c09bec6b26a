import Audit
import Diagnostics
import FleetModel

extension AuditFinding {
  /// A finding as every document of this program tells it.
  func write(to writer: inout some TreeWriter, showsBaseline: Bool) {
    writer.openMapping(nil, isRow: true)
    writer.string("code", code)
    writer.string("title", rule.title)
    writer.string("severity", severity.rawValue)
    resource.write(to: &writer, container: container)
    writer.string("message", message)
    writer.string("fix", fix)
    if let location {
      writer.openMapping("location", isRow: true)
      writer.string("file", location.file)
      writer.number("line", location.line)
      writer.closeMapping()
    }
    writer.string("fingerprint", fingerprint)
    writer.strings("attack", rule.attack)
    if showsBaseline { writer.string("baseline", isKnown ? "known" : "new") }
    if let exception {
      writer.openMapping("exception", isRow: true)
      writer.string("owner", exception.owner)
      writer.string("reason", exception.reason)
      writer.string("expires", exception.expires.description)
      writer.closeMapping()
    }
    writer.closeMapping()
  }
}

extension ObjectReference {
  func write(to writer: inout some TreeWriter, container: String? = nil) {
    writer.openMapping("resource", isRow: true)
    writer.string("kind", kind)
    writer.string("namespace", namespace)
    writer.string("name", name)
    if let container { writer.string("container", container) }
    writer.closeMapping()
  }
}
