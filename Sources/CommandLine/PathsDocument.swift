package import Breach
import FleetModel
import Foundation

/// The paths for programs: `bulkhead.paths/1`. Written piece by piece, because a large fleet's document is larger than
/// everything it is made from; arrays are sorted, so that the same input gives the same bytes.
package struct PathsDocument {
  private let analysis: BreachAnalysis
  private let reaches: Int

  private struct StepEntry: Encodable {
    var kind: String
    var code: String
    var to: String
    var message: String
  }
  private struct PathEntry: Encodable {
    var from: String
    var to: String
    var probability: Double
    var steps: [StepEntry]
  }
  private struct CutEntry: Encodable {
    var mitigation: String
    var workload: String
    var exposureRemoved: Double?
    /// Part of the cheapest cut; the others lower exposure most besides.
    var inCut: Bool
  }
  private struct SequenceEntry: Encodable {
    var mitigation: String
    var workload: String
    var exposureLeft: Double
  }
  private struct CutTotal: Encodable {
    var cost: Int
    var lowerBound: Int
    var exact: Bool
    var exposureRemoved: Double
    var beyondCut: [String]
  }

  /// - Parameter reaches: the most names that `reaches` gives for one workload; nil means 1,000, fewer in large fleets.
  package init(_ analysis: BreachAnalysis, reaches: Int? = nil) {
    self.analysis = analysis
    self.reaches = reaches ?? min(1000, max(20, 2_000_000 / max(1, analysis.graph.workloads.count)))
  }

  package func text() -> String {
    var text = ""
    write { text += $0 }
    return text
  }

  /// Gives the document away in pieces.
  package func write(_ emit: (String) -> Void) {
    emit("{\n  \"schema\" : \"bulkhead.paths/1\",\n  \"exposure\" : \(Self.number(analysis.exposure.total)),\n")
    emit("  \"exposureLeft\" : \(Self.number(analysis.exposureLeft)),\n")
    let graph = analysis.graph
    let order = analysis.exposure.shares.indices.sorted {
      (analysis.exposure.shares[$0].workload, $0) < (analysis.exposure.shares[$1].workload, $1)
    }
    var search = ReachSearch(graph)
    var isFirst = true
    emit("  \"workloads\" : [")
    for index in order {
      emit((isFirst ? "\n    " : ",\n    ") + workload(index, &search))
      isFirst = false
    }
    emit(isFirst ? "]" : "\n  ]")
    emit(",\n")
    list("paths", analysis.paths.lazy.map { path($0) }, emit)
    emit(",\n")
    list(
      "cuts",
      analysis.cuts.lazy.map {
        CutEntry(
          mitigation: $0.mitigation.name, workload: $0.mitigation.workload.description,
          exposureRemoved: $0.exposureRemoved.map(Self.rounded), inCut: $0.isInCut)
      }, emit)
    emit(",\n")
    list(
      "sequence",
      analysis.sequence.steps.lazy.map {
        SequenceEntry(
          mitigation: $0.mitigation.name, workload: $0.mitigation.workload.description,
          exposureLeft: Self.rounded($0.exposureLeft))
      }, emit)
    let solution = analysis.solution
    let total = CutTotal(
      cost: solution.cost, lowerBound: solution.lowerBound, exact: solution.isExact,
      exposureRemoved: Self.rounded(analysis.exposureRemovedTogether),
      beyondCut: solution.beyondCut.map { graph.nodes[Int($0)].label }.sorted())
    emit(",\n  \"cutTotal\" : \(Self.line(total))\n}\n")
  }

  /// By hand: a large fleet has a hundred thousand of them. `reachesComplete` is false where `reaches` names only the
  /// nearest.
  private func workload(_ index: Int, _ search: inout ReachSearch) -> String {
    let share = analysis.exposure.shares[index]
    let found = search.reached(from: analysis.graph.workloads[index], limit: reaches)
    let names = found.labels.map(JSONLiteral.string).joined(separator: ",")
    return "{\"blastRadius\":\(share.blastRadius),\"exposure\":\(Self.number(share.exposure)),"
      + "\"falls\":\(Self.number(share.falls)),\"reaches\":[\(names)],\"reachesComplete\":\(found.isComplete),"
      + "\"valueWithinReach\":\(Self.number(share.value)),"
      + "\"workload\":\(JSONLiteral.string(share.workload.description))}"
  }

  /// Whole numbers without a fraction, as elsewhere.
  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    let value = rounded(value)
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  /// To twelve significant digits: the order in which sums were made is nobody's business.
  private static func rounded(_ value: Double) -> Double {
    guard value != 0, value.isFinite else { return value }
    let scale = pow(10, 12 - ceil(log10(abs(value))))
    let scaled = (value * scale).rounded() / scale
    return scaled.isFinite ? scaled : value
  }

  private func path(_ path: AttackPath) -> PathEntry {
    let nodes = analysis.graph.nodes
    return PathEntry(
      from: nodes[Int(path.from)].label, to: nodes[Int(path.to)].label, probability: Self.rounded(path.probability),
      steps: path.steps.map {
        StepEntry(kind: $0.kind.rawValue, code: $0.code, to: nodes[Int($0.to)].label, message: $0.message)
      })
  }

  /// One element a line.
  private func list(_ name: String, _ elements: some Sequence<some Encodable>, _ emit: (String) -> Void) {
    emit("  \"\(name)\" : [")
    var isFirst = true
    for element in elements {
      emit((isFirst ? "\n    " : ",\n    ") + Self.line(element))
      isFirst = false
    }
    emit(isFirst ? "]" : "\n  ]")
  }

  private static func line(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Finite numbers, strings and their lists: encoding them cannot fail.
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
  }
}
