package import FleetModel

/// What a connection may use: ports 1 to 65535 of TCP, UDP and SCTP.
package struct PortSet: Hashable, Sendable {
  /// Ports on one line: SCTP at 0, TCP at 65536, UDP at 131072. Port 0 belongs to nobody, so that no interval ever runs
  /// from one protocol into the next.
  private var line: IntervalSet<UInt32>

  package static let none = PortSet(line: IntervalSet())
  package static let all = PortSet(
    line: IntervalSet(normalising: Transport.inOrder.map { .init(position($0, 1), position($0, 65_535)) }))

  private init(line: IntervalSet<UInt32>) { self.line = line }

  package init(_ transport: Transport, _ low: Int, _ high: Int) {
    let (low, high) = (max(low, 1), min(high, 65_535))
    line = low <= high ? IntervalSet(Self.position(transport, low), Self.position(transport, high)) : IntervalSet()
  }

  /// Ranges in any order, overlapping or not; as dear as sorting them.
  init(_ ranges: some Sequence<(transport: Transport, low: Int, high: Int)>) {
    line = IntervalSet(
      normalising: ranges.compactMap { transport, low, high in
        let (low, high) = (max(low, 1), min(high, 65_535))
        return low <= high ? .init(Self.position(transport, low), Self.position(transport, high)) : nil
      })
  }

  /// All of several sets at once: one after the other would cost the square where they are many.
  static func union(_ sets: [PortSet]) -> PortSet {
    switch sets.count {
    case 0: .none
    case 1: sets[0]
    case 2: sets[0].union(sets[1])
    default:
      sets.contains(where: \.isAll) ? .all : PortSet(line: IntervalSet(normalising: sets.flatMap(\.line.intervals)))
    }
  }

  private static func position(_ transport: Transport, _ port: Int) -> UInt32 { transport.base + UInt32(port) }

  package var isEmpty: Bool { line.isEmpty }
  package var isAll: Bool { line == Self.all.line }

  package func contains(_ port: Int, _ transport: Transport) -> Bool {
    (1...65_535).contains(port) && line.contains(Self.position(transport, port))
  }

  package func union(_ other: PortSet) -> PortSet {
    isAll || other.isEmpty ? self : other.isAll ? other : PortSet(line: line.union(other.line))
  }
  package func intersection(_ other: PortSet) -> PortSet {
    isAll ? other : other.isAll ? self : PortSet(line: line.intersection(other.line))
  }
  package func subtracting(_ other: PortSet) -> PortSet { PortSet(line: line.subtracting(other.line)) }

  /// How many ranges it takes to write it.
  var size: Int { line.intervals.count }

  /// One range for each protocol, from its lowest port to its highest: never less than the set.
  var hull: PortSet {
    PortSet(ranges.map { ($0.transport, $0.ranges[0].lowerBound, $0.ranges[$0.ranges.count - 1].upperBound) })
  }

  /// Ranges by protocol in the order of the protocols' names: SCTP, TCP, UDP; protocols without ports are left out.
  package var ranges: [(transport: Transport, ranges: [ClosedRange<Int>])] {
    var result: [(transport: Transport, ranges: [ClosedRange<Int>])] = []
    for interval in line.intervals {
      let transport = Transport.inOrder[Int(interval.low >> 16)]
      let range = Int(interval.low - transport.base)...Int(interval.high - transport.base)
      if result.last?.transport == transport {
        result[result.count - 1].ranges.append(range)
      } else {
        result.append((transport, [range]))
      }
    }
    return result
  }
}

extension PortSet: CustomStringConvertible {
  /// `all`, `none` or as in `TCP 80,8080-8090 UDP 53`; a protocol with all its ports is written without numbers.
  package var description: String {
    if isAll { return "all" }
    if isEmpty { return "none" }
    return ranges.map { entry in
      if entry.ranges == [1...65_535] { return entry.transport.rawValue }
      let numbers = entry.ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      return "\(entry.transport.rawValue) \(numbers.joined(separator: ","))"
    }.joined(separator: " ")
  }
}

extension Transport {
  static let inOrder: [Transport] = [.sctp, .tcp, .udp]

  fileprivate var base: UInt32 {
    switch self {
    case .sctp: 0
    case .tcp: 65_536
    case .udp: 131_072
    }
  }
}

/// Ports as a rule writes them: numbers, and names that mean another number in each destination pod.
struct PortSpecification: Hashable, Sendable {
  struct Named: Hashable, Sendable {
    var name: String
    /// Nil where a rule names no protocol (AdminNetworkPolicy): the container port's own counts.
    var transport: Transport?
  }
  var numbers: PortSet
  var named: [Named] = []

  static let all = PortSpecification(numbers: .all)

  /// `ports` of a NetworkPolicy rule; an empty list means every port.
  init(_ ports: [NetworkPolicy.Port]) {
    self.init(ports.isEmpty ? nil : ports, namesHaveProtocol: true)
  }

  /// - Parameter ports: nil means every port, an empty list none.
  /// - Parameter namesHaveProtocol: false for AdminNetworkPolicy, whose `namedPort` is a name and nothing else.
  init(_ ports: [NetworkPolicy.Port]?, namesHaveProtocol: Bool) {
    guard let ports else {
      numbers = .all
      return
    }
    var ranges: [(transport: Transport, low: Int, high: Int)] = []
    var seen: Set<Named> = []
    for port in ports {
      switch port.number {
      case .all: ranges.append((port.transport, 1, 65_535))
      case .range(let low, let high): ranges.append((port.transport, low, high))
      case .named(let text):
        let name = Named(name: text, transport: namesHaveProtocol ? port.transport : nil)
        if seen.insert(name).inserted { named.append(name) }
      }
    }
    numbers = PortSet(ranges)
  }

  private init(numbers: PortSet) { self.numbers = numbers }

  /// The ports meant for a destination with these named ports; a name that it lacks means nothing there.
  func ports(at destination: [NamedPort]) -> PortSet {
    guard !named.isEmpty else { return numbers }
    guard !destination.isEmpty else { return numbers }
    var found: [PortSet] = [numbers]
    for name in named {
      for port in destination
      where port.name == name.name && (name.transport == nil || name.transport == port.transport) {
        found.append(PortSet(port.transport, port.number, port.number))
      }
    }
    return PortSet.union(found)
  }
}

/// A container port with a name.
struct NamedPort: Hashable, Sendable, Comparable {
  var name: String
  var transport: Transport
  var number: Int

  static func < (left: NamedPort, right: NamedPort) -> Bool {
    (left.name, left.transport.rawValue, left.number) < (right.name, right.transport.rawValue, right.number)
  }
}

extension PodSpec {
  /// Named ports of the containers that stay: those of the pod and its native sidecars.
  var namedPorts: [NamedPort] {
    var result: [NamedPort] = []
    for index in containers.indices { Self.collect(containers[index].ports, &result) }
    for index in initContainers.indices where initContainers[index].restartPolicy == "Always" {
      Self.collect(initContainers[index].ports, &result)
    }
    return result
  }

  private static func collect(_ ports: [ContainerPort], _ result: inout [NamedPort]) {
    for port in ports {
      guard let name = port.name, !name.isEmpty else { continue }
      result.append(NamedPort(name: name, transport: port.transport, number: port.port))
    }
  }
}

extension Workload {
  var namedPorts: [NamedPort] { pod.namedPorts }
}
