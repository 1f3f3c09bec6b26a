import Diagnostics
package import FleetModel
import FoundationEssentials

/// What `nft -j list …` says, as far as the twin reads it: named counters and the record of refused flows.
///
/// Tolerant: objects it does not know, and known ones in another shape, are passed over. Bounded: an answer above 16 MB
/// is refused.
package struct NftReading: Sendable, Equatable {
  package struct Count: Sendable, Equatable {
    package var packets: UInt64
    package var bytes: UInt64

    package init(packets: UInt64, bytes: UInt64) {
      self.packets = packets
      self.bytes = bytes
    }
  }
  /// One flow that a policy refused.
  package struct Refusal: Sendable, Equatable {
    package var source: IPv4Address
    package var destination: IPv4Address
    package var transport: Transport
    package var port: Int
    package var count: Count
  }
  /// By table, then name.
  package let counters: [String: [String: Count]]
  /// Sorted by source, destination, port and transport.
  package let refusals: [Refusal]

  package static let limit = 16 << 20

  /// What reads the refusals: run it, and give the answer to `init`.
  package static let listRefusals = ["nft", "-j", "list", "table", "inet", PolicyTable.name]

  /// Throws `unexpected` for what is no JSON of this kind, or too much of it.
  package init(_ json: [UInt8]) throws {
    guard json.count <= Self.limit else {
      throw BulkheadError(.unexpected, "nft answered \(json.count) bytes, more than \(Self.limit)")
    }
    let document: JSON
    do {
      document = try JSONDecoder().decode(JSON.self, from: Data(json))
    } catch {
      throw BulkheadError(.unexpected, "nft's answer is no JSON", cure: "nftables 1.0 or newer is needed", cause: error)
    }
    guard let objects = document["nftables"]?.array else {
      throw BulkheadError(.unexpected, "nft's answer has no list of objects", cure: "nftables 1.0 or newer is needed")
    }
    var counters: [String: [String: Count]] = [:]
    var refusals: [Refusal] = []
    for object in objects {
      if let counter = object["counter"], let table = counter["table"]?.text, let name = counter["name"]?.text,
        let count = counter.count
      {
        counters[table, default: [:]][name] = count
      }
      if let set = object["set"], set["table"]?.text == PolicyTable.name, set["name"]?.text == "refused" {
        refusals += (set["elem"]?.array ?? []).compactMap(Self.refusal)
      }
    }
    self.counters = counters
    self.refusals = refusals.sorted {
      ($0.source, $0.destination, $0.port, $0.transport.rawValue)
        < ($1.source, $1.destination, $1.port, $1.transport.rawValue)
    }
  }

  /// Zero packets for a counter that is not there.
  package func packets(_ counter: String, in table: String) -> UInt64 { counters[table]?[counter]?.packets ?? 0 }

  private static func refusal(_ element: JSON) -> Refusal? {
    guard let body = element["elem"], let parts = body["val"]?["concat"]?.array, parts.count == 4,
      let source = parts[0].text.flatMap({ IPv4Address($0) }),
      let destination = parts[1].text.flatMap({ IPv4Address($0) }),
      let transport = transport(parts[2]), let port = parts[3].number
    else { return nil }
    let count = body["counter"]?.count ?? Count(packets: 0, bytes: 0)
    return Refusal(
      source: source, destination: destination, transport: transport, port: Int(clamping: port), count: count)
  }

  private static func transport(_ value: JSON) -> Transport? {
    switch (value.text, value.number) {
    case ("tcp", _), (_, 6): .tcp
    case ("udp", _), (_, 17): .udp
    case ("sctp", _), (_, 132): .sctp
    default: nil
    }
  }
}

/// Any JSON value; numbers that are no unsigned integers are passed over.
private enum JSON: Decodable {
  case object([String: JSON])
  case list([JSON])
  case string(String)
  case integer(UInt64)
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode([String: JSON].self) {
      self = .object(value)
    } else if let value = try? container.decode([JSON].self) {
      self = .list(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode(UInt64.self) {
      self = .integer(value)
    } else {
      self = .other
    }
  }

  subscript(_ key: String) -> JSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }
  var array: [JSON]? {
    if case .list(let elements) = self { elements } else { nil }
  }
  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }
  var number: UInt64? {
    if case .integer(let number) = self { number } else { nil }
  }
  var count: NftReading.Count? {
    guard let packets = self["packets"]?.number, let bytes = self["bytes"]?.number else { return nil }
    return NftReading.Count(packets: packets, bytes: bytes)
  }
}
