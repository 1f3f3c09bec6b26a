import Audit
import Diagnostics
import FleetModel
import Foundation
import Intake
import Reports
import Testing

@testable import CommandLine

enum FindingSupport {
  static let shop = """
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: cart, namespace: shop}
    spec:
      selector: {matchLabels: {app: cart}}
      template:
        metadata: {labels: {app: cart}}
        spec:
          containers:
          - name: server
            image: example.com/cart:1
            securityContext:
              privileged: true
            volumeMounts:
            - {name: docker, mountPath: /var/run/docker.sock}
          volumes:
          - name: docker
            hostPath: {path: /var/run/docker.sock}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          automountServiceAccountToken: false
          securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
          containers:
          - name: server
            image: example.com/web:1
            securityContext:
              allowPrivilegeEscalation: false
              capabilities: {drop: [ALL]}
    """

  /// Names and values that no format may hand on as they are.
  static let hostile = [
    "\u{1B}[31mred\u{1B}[0m", "\u{1B}]0;title\u{7}", "a\u{202E}b\u{2066}c", "<script>alert(1)</script>",
    "]]><x/>", "\n::error file=x::pwned", "::set-output name=a::b", "a%0A::error::b", "##[error]x", "| cell | x |",
    "[link](http://evil.example)", "![i](http://evil.example/i.png)", "`code` ```\nfence",
    "@everyone #1 www.evil.example",
    "\"quote\\", "a\u{0}b", "\u{FEFF}bom\u{200B}", "&lt;b&gt; &amp;", "\u{85}\u{2028}\u{2029}", "*bold* _it_ ~~x~~",
    "\r\nSet-Cookie: x", "${{ secrets.X }}", "{{ .Values }}", "\u{E0041}\u{E007F}", "<!--", "${IFS}$(id)",
  ]

  static func result(_ yaml: String = shop, _ change: (inout AuditOptions) -> Void = { _ in }) throws -> AuditResult {
    var options = AuditOptions()
    change(&options)
    let read = try Intake().read([InputSource(name: "deploy/shop.yaml", bytes: Array(yaml.utf8))])
    return AuditRun.run(read.fleet, options, input: read.findings)
  }

  /// A result in which every text from the input is hostile.
  static func hostileResult(_ text: String) throws -> AuditResult {
    var result = try Self.result(shop) { $0.only = ["L01", "L20"] }
    for index in result.findings.indices {
      result.findings[index].resource = ObjectReference(kind: text, namespace: text, name: text)
      result.findings[index].container = text
      result.findings[index].message = text
      result.findings[index].fix = "spec:\n\(text)\n  x: \(text)"
      result.findings[index].location = SourceLocation(file: text, line: 3)
    }
    let exception = AuditException(
      code: text, resource: text, owner: text, reason: text, expires: CivilDate("2030-01-01")!,
      location: SourceLocation(file: text, line: 1))
    var borne = result.findings[0]
    borne.exception = exception
    result.borne = [borne]
    for index in result.unknown.indices { result.unknown[index].because = text }
    return result
  }

  static func bytes(_ write: (@escaping ([UInt8]) -> Void) -> Void) -> [UInt8] {
    let box = Box()
    write { box.bytes += $0 }
    return box.bytes
  }

  static func text(_ write: (@escaping ([UInt8]) -> Void) -> Void) -> String {
    String(decoding: bytes(write), as: UTF8.self)
  }

  final class Box { var bytes: [UInt8] = [] }

  /// Every format with its name.
  static func formats(_ result: AuditResult) -> [(name: String, text: String)] {
    [
      ("table", AuditTable(result, AuditTable.Style(), showsUnknown: true).text),
      ("json", text(AuditDocument(result, showsUnknown: true).writeJSON)),
      ("yaml", text(AuditDocument(result, showsUnknown: true).writeYAML)),
      ("sarif", text(SARIFDocument(result, version: "0.1.0", failOn: .high).write)),
      ("junit", text(JUnitDocument(result).write)), ("github", GitHubAnnotations(result).text),
      ("markdown", MarkdownSummary(result).text), ("gitlab", text(GitLabCodeQuality(result).write)),
    ]
  }

  /// Compares with a file beside the tests; BULKHEAD_UPDATE_GOLDEN=1 writes it.
  static func expectGolden(_ text: String, _ name: String, file: String = #filePath) throws {
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Golden")
    let path = folder.appendingPathComponent(name)
    if ProcessInfo.processInfo.environment["BULKHEAD_UPDATE_GOLDEN"] != nil {
      try Data(text.utf8).write(to: path)
    }
    let expected = try String(contentsOf: path, encoding: .utf8)
    #expect(text == expected, "\(name): run with BULKHEAD_UPDATE_GOLDEN=1 and read the difference")
  }
}
