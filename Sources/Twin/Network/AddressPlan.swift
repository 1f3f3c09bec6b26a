import Diagnostics

/// Every address of the twin's network, in one place.
///
/// A node has an index from 1 (`node-1`, `node-2` …). Pods and services are given addresses by `AddressPool`.
package enum AddressPlan {
  /// The most nodes that the plan has room for.
  package static let nodeLimit = 250
  /// On every node's loopback: the gateway of its pods.
  package static let gateway = IPv4Address(169, 254, 1, 1)
  package static let podRange = IPv4Range(IPv4Address(10, 244, 0, 0), IPv4Address(10, 244, 255, 255))
  package static let serviceRange = IPv4Range(IPv4Address(10, 96, 0, 0), IPv4Address(10, 96, 255, 255))
  /// `serviceRange` in prefix notation, for routes.
  package static let servicePrefix = "10.96.0.0/16"
  /// On every node's loopback, answered by that node's own resolver and API server stand-in.
  package static let resolver = IPv4Address(10, 96, 0, 10)
  package static let apiServer = IPv4Address(10, 96, 0, 1)
  package static let apiServerPort = 443
  /// The cloud's metadata service, and the world outside the cluster (RFC 5737 documentation range).
  package static let metadataService = IPv4Address(169, 254, 169, 254)
  package static let outside = IPv4Address(198, 51, 100, 10)
  /// What each node answers for itself; pods reach these without a route to any other node.
  package static let onEveryNode = [gateway, apiServer, resolver, metadataService, outside]

  package static func nodeName(_ index: Int) -> String { "node-\(index)" }

  /// The address by which other nodes, and pods, reach a node.
  package static func nodeAddress(_ index: Int) -> IPv4Address { IPv4Address(172, 31, 0, byte(index)) }

  /// `10.244.k.0/24`, the pods of node k.
  package static func podPrefix(_ index: Int) -> String { "10.244.\(byte(index)).0/24" }

  /// Addresses for the pods of node k: 10.244.k.2 to 10.244.k.254.
  package static func podPool(node index: Int) -> AddressPool {
    AddressPool(
      "pods of \(nodeName(index))",
      IPv4Range(IPv4Address(10, 244, byte(index), 2), IPv4Address(10, 244, byte(index), 254)))
  }

  /// Virtual addresses of services: the lower half of the range without the two fixed ones.
  package static func servicePool() -> AddressPool {
    AddressPool("services", IPv4Range(IPv4Address(10, 96, 0, 16), IPv4Address(10, 96, 127, 254)))
  }

  /// Virtual addresses that lead to canary pods alone: the upper half of the range.
  package static func canaryServicePool() -> AddressPool {
    AddressPool("canary services", IPv4Range(IPv4Address(10, 96, 128, 1), IPv4Address(10, 96, 255, 254)))
  }

  private static func byte(_ index: Int) -> UInt8 {
    precondition((1...nodeLimit).contains(index), "a node's index is 1 to \(nodeLimit)")
    return UInt8(index)
  }
}

/// Gives addresses of a range to keys, never the same to two keys at once.
///
/// Deterministic: the same sequence of calls gives the same addresses. A released address comes up again only after the
/// rest of the range, so that what still speaks to the old owner does not reach a new one.
package struct AddressPool: Sendable, Equatable {
  package let name: String
  package let range: IPv4Range
  private var owners: [String: IPv4Address] = [:]
  private var used: Set<IPv4Address> = []
  private var next: IPv4Address

  package init(_ name: String, _ range: IPv4Range) {
    self.name = name
    self.range = range
    next = range.low
  }

  /// The address of a key, given to it now if it has none. Throws `configuration` when the range is used up.
  package mutating func allocate(_ key: String) throws -> IPv4Address {
    if let owned = owners[key] { return owned }
    guard used.count < Int(range.high.bits - range.low.bits) + 1 else {
      throw BulkheadError(
        .configuration, "no address left for \(key): all \(used.count) addresses for \(name) (\(range)) are in use",
        cure: "use more nodes, or a smaller selection of manifests")
    }
    while used.contains(next) { advance() }
    let address = next
    owners[key] = address
    used.insert(address)
    advance()
    return address
  }

  /// Addresses for many keys, in the keys' sorted order. Throws before it gives out any when the range is too small.
  package mutating func allocate(all keys: some Sequence<String>) throws -> [String: IPv4Address] {
    var trial = self
    var result: [String: IPv4Address] = [:]
    for key in Set(keys).sorted() { result[key] = try trial.allocate(key) }
    self = trial
    return result
  }

  /// Takes a key's address back; a key without one is no error.
  package mutating func release(_ key: String) {
    if let address = owners.removeValue(forKey: key) { used.remove(address) }
  }

  package func address(of key: String) -> IPv4Address? { owners[key] }
  package var inUse: Int { used.count }

  private mutating func advance() {
    next = next == range.high ? range.low : IPv4Address(bits: next.bits + 1)
  }
}
