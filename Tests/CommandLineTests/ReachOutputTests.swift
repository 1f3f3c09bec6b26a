import FleetModel
import Foundation
import Reachability
import Testing

@testable import CommandLine

/// What `reach` prints: word for word for a small shop, and inert for hostile names.
struct ReachOutputTests {
  private static let formats: [(name: String, render: @Sendable (Fleet) throws -> String)] = [
    (
      "reach.txt",
      { fleet in
        let index = ReachIndex(fleet)
        return ReachTable(
          ReachRows(fleet, index), OutsideExposure.all(in: fleet, index), fleet, colored: false
        ).text
      }
    ),
    ("reach.json", { try written($0, ReachDocument.write) }),
    ("reach.dot", { try written($0, ReachDrawing.write) }),
    ("reach-change.txt", { ReachTable.text(change($0), colored: false) }),
    ("reach-change.json", { ReachDocument.text(change($0)) }),
  ]

  private static func written(
    _ fleet: Fleet, _ write: (ReachRows, ([UInt8]) -> Void) throws -> Void
  ) throws -> String {
    var bytes: [UInt8] = []
    try write(ReachRows(fleet, ReachIndex(fleet))) { bytes += $0 }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Every policy of the fleet in a form that lets the whole cluster in on one more port.
  private static func change(_ fleet: Fleet) -> ReachChange {
    let index = ReachIndex(fleet)
    let policies = fleet.networkPolicies.map { policy in
      var policy = policy
      policy.ingress = [
        NetworkPolicy.Rule(
          peers: [.pods(namespaces: LabelSelector(), pods: nil)],
          ports: [NetworkPolicy.Port(transport: .tcp, number: .range(9090, 9090))])
      ]
      return policy
    }
    return ReachChange(fleet, index, ReachPeers(fleet, index), applying: policies)
  }

  @Test(arguments: 0..<formats.count) func theShopWordForWord(format: Int) throws {
    let fleet = try PathsFixture.fleet(PathsFixture.shop)
    let (name, render) = Self.formats[format]
    #expect(try PathsGolden.isEqual(try render(fleet), name), "\(name) differs; BULKHEAD_GOLDEN=write makes it anew")
  }

  @Test(arguments: 0..<formats.count) func hostileNamesAreInert(format: Int) throws {
    let (name, render) = Self.formats[format]
    let text = try render(try PathsFixture.fleet(PathsFixture.hostile))
    #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 7 })
    if name.hasSuffix(".json") {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
    } else {
      #expect(!text.unicodeScalars.contains { $0.value == 0x202E })
    }
  }
}
