import Diagnostics
package import FleetModel
package import IntentModel
import Yams

/// Reads `rehearse --plant FILE`: deliberate wrongs, for tests and for learning only.
///
///     apiVersion: bulkhead.dev/v1alpha1
///     kind: Plant
///     wrongs:
///     - sidecarErrors: {workload: shop/cart, percent: 3}
///     - sidecarDelay: {workload: shop/cart, percent: 5, milliseconds: 150}
///     - strictTooEarly: {workload: shop/ledger}
///     - cutCall: {caller: shop/checkout, target: shop/cart}
package enum PlantFile {
  private static let longest = 64 * 1024

  /// - Throws: `BulkheadError(.badInput)` with the file and line of what cannot be understood.
  package static func read(_ source: InputSource, fleet: Fleet) throws -> [PlantedWrong] {
    guard source.bytes.count <= longest else { throw problem("a plant file has at most 64 kB", source, nil) }
    let text = String(decoding: source.bytes, as: UTF8.self)
    let root: Yams.Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw BulkheadError(
        .badInput, "\(source.name) is not YAML", cure: "see 'bulkhead rehearse --help' for an example", cause: error)
    }
    guard let root, root["kind"]?.string == "Plant", let wrongs = root["wrongs"]?.sequence else {
      throw problem("a plant file needs 'kind: Plant' and a list 'wrongs'", source, root)
    }
    return try wrongs.map { try wrong($0, source, fleet) }
  }

  private static func wrong(_ node: Yams.Node, _ source: InputSource, _ fleet: Fleet) throws -> PlantedWrong {
    guard let mapping = node.mapping, mapping.count == 1, let (key, value) = mapping.first, let name = key.string else {
      throw problem("each wrong is one of sidecarErrors, sidecarDelay, strictTooEarly, cutCall", source, node)
    }
    func workload(_ field: String) throws -> ObjectReference {
      guard let text = value[field]?.string else { throw problem("\(name) needs '\(field)'", source, node) }
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      let (namespace, short) = parts.count == 2 ? (parts[0], parts[1]) : ("default", text)
      guard let found = fleet.workloads.first(where: { $0.id.namespace == namespace && $0.id.name == short }) else {
        throw problem("no workload \(namespace)/\(short) in the input", source, node)
      }
      return found.id
    }
    func percent() throws -> Double {
      guard let share = value["percent"]?.scalar.flatMap({ Double($0.string) }), (0...100).contains(share) else {
        throw problem("\(name) needs 'percent' between 0 and 100", source, node)
      }
      return share
    }
    switch name {
    case "sidecarErrors":
      return .sidecarErrors(workload: try workload("workload"), percent: try percent())
    case "sidecarDelay":
      guard let number = value["milliseconds"]?.scalar.flatMap({ Int($0.string) }), (1...60_000).contains(number) else {
        throw problem("sidecarDelay needs 'milliseconds' between 1 and 60000", source, node)
      }
      return .sidecarDelay(workload: try workload("workload"), percent: try percent(), milliseconds: number)
    case "strictTooEarly": return .strictTooEarly(workload: try workload("workload"))
    case "cutCall": return .cutCall(caller: try workload("caller"), target: try workload("target"))
    default: throw problem("'\(name)' is no wrong that can be planted", source, node)
    }
  }

  private static func problem(_ message: String, _ source: InputSource, _ node: Yams.Node?) -> BulkheadError {
    BulkheadError(
      .badInput, message.safeForTerminal, cure: "see docs/plant.md for an example",
      location: SourceLocation(file: source.name, line: node?.mark?.line ?? 1))
  }
}
