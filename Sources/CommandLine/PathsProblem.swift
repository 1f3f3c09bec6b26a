import Breach
import Diagnostics
import FleetModel
import Foundation

/// A bare graph, for comparisons and for other programs: `{"pods":[…],"edges":[[from,to],…]}`, where `pods[n]` is how
/// many pods node `n` stands for. Answers the exact blast radius of every
/// pod.
struct PathsProblem: Decodable {
  var pods: [Int]
  var edges: [[Int]]

  private struct Answer: Encodable {
    var nodes: Int
    var edges: Int
    var components: Int
    var solverSeconds: Double
    /// One edge taken away and everything computed again.
    var changeSeconds: Double
    /// Null for nodes that stand for no pod.
    var blastRadius: [Int?]
  }

  static func read(_ path: String) throws -> PathsProblem {
    let problem: PathsProblem
    do {
      problem = try JSONDecoder().decode(PathsProblem.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw BulkheadError(
        .badInput, "\(path.safeForTerminal) is not a graph (\(error.localizedDescription.safeForTerminal))",
        cure: "write {\"pods\":[1,1],\"edges\":[[0,1]]}")
    }
    guard problem.pods.count <= 10_000_000, problem.edges.count <= 50_000_000,
      problem.pods.allSatisfy({ (0...1_000_000).contains($0) })
    else {
      throw BulkheadError(
        .badInput, "the graph is beyond 10 million nodes, 50 million edges or a million pods a node",
        cure: "make it smaller")
    }
    for edge in problem.edges where edge.count != 2 || !edge.allSatisfy({ problem.pods.indices.contains($0) }) {
      throw BulkheadError(
        .badInput, "an edge is \(edge.prefix(4)), which is no pair of nodes",
        cure: "number the nodes from 0, in the order of `pods`")
    }
    return problem
  }

  func answer() throws -> String {
    let whole = graph(without: nil)
    let clock = ContinuousClock()
    var radius: BlastRadius?
    let solver = clock.measure { radius = BlastRadius(whole) }
    let changed = graph(without: edges.count / 2)
    let change = clock.measure { _ = BlastRadius(changed) }
    guard let radius else { return "" }
    let answer = Answer(
      nodes: pods.count, edges: edges.count, components: radius.componentCount,
      solverSeconds: solver / .seconds(1), changeSeconds: change / .seconds(1),
      blastRadius: pods.indices.map { radius.pods(from: Int32($0)) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let body = String(decoding: try encoder.encode(answer), as: UTF8.self)
    return "{\"schema\":\"bulkhead.paths.problem/1\"," + body.dropFirst() + "\n"
  }

  private func graph(without left: Int?) -> BreachGraph {
    var draft = BreachGraphDraft()
    for (index, count) in pods.enumerated() {
      let id = ObjectReference(kind: "Pod", namespace: "", name: "\(index)")
      _ = draft.add(BreachNode(.pod, id, pods: count, value: 1))
    }
    let reason = draft.reason(BreachReason(.network, "", ""))
    for (index, edge) in edges.enumerated() where index != left {
      draft.connect(Int32(edge[0]), Int32(edge[1]), reason: reason)
    }
    return draft.graph()
  }
}
