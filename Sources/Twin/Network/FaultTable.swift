import Diagnostics

/// Cuts between pairs of addresses, in a chain of its own ahead of every policy and without connection tracking.
///
/// Each pair is an element with a time-out in the kernel: when the program dies, the cut ends by itself. Each fault has
/// a counter of its own, which outlives the cut and proves that packets were really dropped.
package struct FaultTable: Sendable, Equatable {
  package static let name = "bh_faults"

  /// Prepares a node once; doing it again changes nothing and keeps what is cut.
  ///
  /// The output chain comes after the translation of service addresses, so that a node's own calls are cut too.
  package static let setUp = """
    add table inet \(name)
    flush table inet \(name)
    table inet \(name) {
      map cut {
        type ipv4_addr . ipv4_addr : counter
        size 65536
        flags timeout
      }
      chain forwarded {
        type filter hook forward priority -150; policy accept;
        counter name ip saddr . ip daddr map @cut drop
      }
      chain to_node {
        type filter hook input priority -150; policy accept;
        counter name ip saddr . ip daddr map @cut drop
      }
      chain from_node {
        type filter hook output priority -50; policy accept;
        counter name ip saddr . ip daddr map @cut drop
      }
    }

    """

  package static let removal = "add table inet \(name)\ndelete table inet \(name)\n"

  /// What reads the counters: run with `nft -j`, and give the answer to `NftReading`.
  package static let listCounters = ["nft", "-j", "list", "counters", "table", "inet", name]
}

/// Two groups of addresses that cannot reach each other, in either direction. Other traffic is untouched.
package struct PartitionFault: Sendable, Equatable {
  package let id: String
  private let pairs: [String]

  /// `id` names the counter: small letters, digits and '_', at most 60. Throws `configuration` for another one and for
  /// groups that have an address in common.
  package init(id: String, between left: [IPv4Address], and right: [IPv4Address]) throws {
    let allowed = id.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
    guard allowed, (1...60).contains(id.utf8.count) else {
      throw BulkheadError(
        .configuration, "\"\(id.safeForTerminal)\" cannot name a fault",
        cure: "use small letters, digits and '_', at most 60 of them")
    }
    guard Set(left).isDisjoint(with: right) else {
      throw BulkheadError(
        .configuration, "partition \(id): an address is on both sides", cure: "cut two distinct groups")
    }
    self.id = id
    let sides = (Set(left).sorted(), Set(right).sorted())
    pairs = sides.0.flatMap { a in sides.1.flatMap { b in ["\(a) . \(b)", "\(b) . \(a)"] } }
  }

  package var counter: String { "cut_\(id)" }

  /// Cuts, or lets a running cut of the same fault last `limit` from now on. Fails when another fault already cuts one
  /// of the pairs. `limit` is rounded up to milliseconds, at least one.
  package func cut(for limit: Duration) -> String {
    guard !pairs.isEmpty else { return "" }
    let parts = limit.components
    let milliseconds = max(1, parts.seconds * 1000 + (parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    return "add counter inet \(FaultTable.name) \(counter)\n" + absent
      + "add element inet \(FaultTable.name) cut \(elements { "\($0) timeout \(milliseconds)ms : \"\(counter)\"" })\n"
  }

  /// Ends the cut; one that has already ended is no error. The counter stays.
  package var heal: String {
    pairs.isEmpty ? "" : "add counter inet \(FaultTable.name) \(counter)\n" + absent
  }

  /// Deleting needs the element to be there, which it may no longer be: add first, in the same transaction.
  private var absent: String {
    """
    add element inet \(FaultTable.name) cut \(elements { "\($0) timeout 1h : \"\(counter)\"" })
    delete element inet \(FaultTable.name) cut \(elements { $0 })

    """
  }

  private func elements(_ text: (String) -> String) -> String { NftText.set(pairs.map(text)) }
}
