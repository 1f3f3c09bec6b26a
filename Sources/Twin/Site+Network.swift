import Diagnostics
import FleetModel
import Linux

/// Bringing the nodes' rules in line, and reading what they counted.
extension Site {
  func apply(_ view: NetworkView, partitions: [Partition]) async throws {
    let routes = view.routes
    let policies = try view.policies()
    let cuts = try partitions.map { try Self.fault($0).cut(for: .seconds($0.seconds)) }.joined()
    // A cut that is no longer wanted is healed; one that never was costs nothing to heal.
    let heal = partitions.isEmpty ? "flush map inet \(FaultTable.name) cut\n" : ""
    try await withThrowingTaskGroup { group in
      for (index, node) in TwinSettings.nodes.enumerated() {
        let services = ServiceTable(nodeAddress: AddressPlan.nodeAddress(index + 1), routes: routes)
        let text = services.text + PolicyTable(node: node, policies: policies).text + heal + cuts
        group.addTask { try await self.script("nft -f -", in: .node(node), text, "bring the rules of \(node) in line") }
      }
      try await group.waitForAll()
    }
  }

  private static func fault(_ partition: Partition) throws -> PartitionFault {
    try PartitionFault(
      id: "trial", between: partition.callers.compactMap { IPv4Address($0) },
      and: partition.targets.compactMap { IPv4Address($0) })
  }

  /// Packets dropped by cuts since the twin was built, over all nodes.
  func packetsCut() async throws -> UInt64 {
    var sum: UInt64 = 0
    for node in TwinSettings.nodes {
      let result = try await world.run(FaultTable.listCounters, in: .node(node), input: [], limit: .seconds(5))
      guard result.status == 0 else {
        throw BulkheadError(.unexpected, "could not read the counters of \(node): \(result.errorText.safeForTerminal)")
      }
      sum += try NftReading(result.output).packets("cut_trial", in: FaultTable.name)
    }
    return sum
  }
}
