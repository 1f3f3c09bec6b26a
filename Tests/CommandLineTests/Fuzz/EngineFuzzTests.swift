import Audit
import Breach
import Composition
import Diagnostics
import FleetModel
import Foundation
import Intake
import IntentModel
import MeshChoice
import Planning
import Policies
import Reachability
import Reports
import TestSupport
import Testing

@testable import CommandLine

/// Mutates manifests and lets every engine have what could be read: whatever a fleet says, nothing traps, and nothing
/// that is printed steers a terminal, a browser or a pipeline.
struct EngineFuzzTests {
  private static let mutator = Mutator(tokens: [
    "---\n", "[", "]", "{}", ": ", "- ", "null", "-1", "0", "65536", "9999999999999999999", "1e999", "true", "\"*\"",
    "\"\\e[31m\"", "\"\\u202e\"", "<script>", "::error::", "*", "0.0.0.0/0", "::/0", "10.0.0.0/33", "matchLabels",
    "matchExpressions: [{key: a, operator: Exists}]", "namespaceSelector: {}", "podSelector: {}", "ipBlock",
    "endPort: 1",
    "privileged: true", "hostNetwork: true", "hostPath: {path: /}", "serviceAccountName: default", "replicas: 0",
    "istio-injection: enabled", "linkerd.io/inject: enabled", "http://a:1", "a:b:c", "default", "kind: Pod\n",
    "kind: StatefulSet\n", "kind: Service\n", "kind: NetworkPolicy\n", "100%", "999999999Gi", "1n", "-5m",
  ])

  private static func corpus() throws -> [[UInt8]] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folders = [
      tests.appendingPathComponent("IntakeTests/Corpus"), tests.appendingPathComponent("../Examples/shop"),
    ]
    return try InputLoader.load(folders.map(\.path)).map(\.bytes)
      + [Array(PathsFixture.shop.utf8), Array(PathsFixture.hostile.utf8)]
  }

  /// Everything that the commands would print about a fleet, by a name to find it again.
  private static func pages(_ read: IntakeResult) throws -> [(name: String, text: String)] {
    let fleet = read.fleet
    var options = AuditOptions()
    options.meshes = Mesh.allCases
    let result = AuditRun.run(fleet, options, input: read.findings)
    let index = ReachIndex(fleet)
    let rows = ReachRows(fleet, index)
    let analysis = BreachAnalysis(try BreachGraphBuilder(AuditContext(fleet)).build())
    let comparison = MeshRanking(fleet).compare()
    func written(_ write: (@escaping ([UInt8]) -> Void) throws -> Void) rethrows -> String {
      let bytes = Bytes()
      try write { bytes.all += $0 }
      return String(decoding: bytes.all, as: UTF8.self)
    }
    var pages: [(name: String, text: String)] = [
      (
        "audit.txt",
        written { sink in
          AuditTable(result, AuditTable.Style(), showsUnknown: true).write { sink(Array($0.utf8)) }
        }
      ),
      ("audit.json", written { AuditDocument(result, showsUnknown: true).writeJSON(to: $0) }),
      ("audit.yaml", written { AuditDocument(result, showsUnknown: true).writeYAML(to: $0) }),
      ("audit.sarif.json", written { SARIFDocument(result, version: "0", failOn: .high).write(to: $0) }),
      ("audit.junit.xml", written { JUnitDocument(result).write(to: $0) }),
      ("audit.github", GitHubAnnotations(result).text), ("audit.md", MarkdownSummary(result).text),
      ("survey.txt", SurveyTable(read, mesh: .istioSidecar, colored: false).text),
      (
        "reach.txt",
        ReachTable(rows, OutsideExposure.all(in: fleet, index), fleet, colored: false).text
      ),
      ("reach.json", try written { try ReachDocument.write(rows, to: $0) }),
      ("paths.txt", PathsTable(analysis, colored: false).text), ("paths.json", PathsDocument(analysis).text()),
      ("paths.svg", BreachDrawing(analysis.picture).svg), ("paths.dot", analysis.picture.dot),
      ("choose.txt", ChooseTable(comparison, colored: false).text),
    ]
    for target in PolicyTarget.allCases {
      let set = PolicySolver(fleet, options: PolicyOptions(target: target)).solve()
      let report = PoliciesReport(fleet, set, .automatic)
      pages.append(("policies-\(target).txt", PoliciesTable(report, colored: false).text))
      pages.append(("policies-\(target).json", try PoliciesDocument(report).text()))
      pages.append(("policies-\(target).yaml", set.objects.map(\.yaml).joined(separator: "---\n")))
    }
    let overview = try PlanOverview(RehearsalOptions(), requirements: Requirements(), read: read)
    pages.append(("plan.txt", PlanTable(overview.plan, trials: overview.trials, colored: false).text))
    pages.append(("plan.json", try overview.json()))
    pages.append(("plan.yaml", PlanText(overview.plan).text))
    return pages
  }

  /// Bytes that a writer hands on.
  private final class Bytes { var all: [UInt8] = [] }

  private static func steers(_ text: String) -> Unicode.Scalar? {
    text.unicodeScalars.first {
      ($0.value < 0x20 && $0 != "\n" && $0 != "\t") || (0x7F...0x9F).contains($0.value)
        || (0x202A...0x202E).contains($0.value) || (0x2066...0x2069).contains($0.value)
    }
  }

  @Test func everyEngineSurvivesAnyFleet() throws {
    let corpus = try Self.corpus()
    #expect(corpus.count >= 8)
    let rounds = Mutator.rounds(1_500, soak: 100_000)
    var read = 0
    for round in 0..<rounds {
      let bytes = Self.mutator.mutant(of: corpus, seed: round)
      guard let result = try? Intake().read([InputSource(name: "fuzz.yaml", bytes: bytes)]),
        !result.fleet.workloads.isEmpty
      else { continue }
      read += 1
      for (name, text) in try Self.pages(result) {
        // JSON and YAML quote what they hold; a reader of theirs gets it as it was.
        if name.hasSuffix(".json") {
          #expect(throws: Never.self, "round \(round): \(name)") {
            try JSONSerialization.jsonObject(with: Data(text.utf8))
          }
        } else {
          let found = Self.steers(text)
          #expect(found == nil, "round \(round): \(name) has U+\(String(found?.value ?? 0, radix: 16))")
        }
      }
    }
    // A fuzzer whose inputs are all refused at the door tests nothing.
    #expect(read > rounds / 4)
  }
}
