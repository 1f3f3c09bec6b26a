/// A maximal run of addresses for which the same ports are open, and the ports.
package struct AddressConnection<Bound: FixedWidthInteger & Sendable>: Sendable, Equatable {
  package var low: Bound
  package var high: Bound
  package var ports: PortSet
}

extension AddressConnection {
  /// What any of several lists lets through.
  static func union(_ lists: [[AddressConnection]]) -> [AddressConnection] { map(lists.flatMap(\.self)).connections }

  /// What `left` lets through and `right` does not.
  static func difference(_ left: [AddressConnection], _ right: [AddressConnection]) -> [AddressConnection] {
    map(left).merged(map(right)) { $0.subtracting($1) }.connections
  }

  private static func map(_ list: [AddressConnection]) -> PortMap<Bound> {
    let all = list.map { (IntervalSet($0.low, $0.high), $0.ports) }
    return PortMap.union(all[...])
  }
}

extension AddressConnection<UInt32> {
  /// `a.b.c.d-e.f.g.h`, also for a single address.
  package var text: String { "\(IPv4.text(low))-\(IPv4.text(high))" }
}

extension AddressConnection<UInt128> {
  package var text: String { "\(IPv6.text(low))-\(IPv6.text(high))" }
}

package enum Direction: String, Sendable { case ingress, egress }

/// What classes exchange with addresses outside the pods; classes that behave alike share a profile.
package struct AddressProfiles<Bound: FixedWidthInteger & Sendable>: Sendable {
  package var profiles: [[AddressConnection<Bound>]]
  /// By class: the index of its profile.
  package var profileOfClass: [Int]

  package subscript(_ number: ClassID) -> [AddressConnection<Bound>] { profiles[profileOfClass[number]] }
}

extension ReachIndex {
  package func addressesV4(_ direction: Direction) -> AddressProfiles<UInt32> { profiles(direction, \.v4) }
  package func addressesV6(_ direction: Direction) -> AddressProfiles<UInt128> { profiles(direction, \.v6) }

  /// What one class exchanges with IPv4 addresses.
  func addressesV4(_ direction: Direction, of number: ClassID) -> [AddressConnection<UInt32>] {
    let policies = direction == .ingress ? ingress : egress
    return Self.profile(policies, number, direction == .ingress ? classes[number].namedPorts : [], \.v4)
  }

  private struct ProfileKey: Hashable {
    var deciding: [Int32]
    var names: [NamedPort]
  }

  private func profiles<Bound>(
    _ direction: Direction, _ family: KeyPath<AddressSet, IntervalSet<Bound>>
  ) -> AddressProfiles<Bound> {
    let policies = direction == .ingress ? ingress : egress
    var known: [ProfileKey: Int] = [:]
    var result = AddressProfiles<Bound>(profiles: [], profileOfClass: [])
    result.profileOfClass.reserveCapacity(classes.count)
    for number in classes.indices {
      // Names mean ports of the pod that is spoken to, which is the class itself or nobody's.
      let names = direction == .ingress ? classes[number].namedPorts : []
      let key = ProfileKey(deciding: policies.addressKey(number), names: names)
      if let index = known[key] {
        result.profileOfClass.append(index)
        continue
      }
      known[key] = result.profiles.count
      result.profileOfClass.append(result.profiles.count)
      result.profiles.append(Self.profile(policies, number, names, family))
    }
    return result
  }

  private static func profile<Bound>(
    _ policies: PolicyDirection, _ number: Int, _ names: [NamedPort],
    _ family: KeyPath<AddressSet, IntervalSet<Bound>>
  ) -> [AddressConnection<Bound>] {
    let groups = policies.parts(of: number).flatMap(\.groups)
    let lists = groups.map { ($0.addresses[keyPath: family], $0.ports.ports(at: names)) }
    let written = PortMap.union(lists[...])
    let admin = policies.adminRules(of: number)
    var starts = Set(written.starts)
    for rule in admin { starts.formUnion(PortMap(rule.rule.addresses[keyPath: family], .all).starts) }
    var map = PortMap<Bound>(starts: starts.sorted(), values: [])
    var next = 0
    map.values = map.starts.map { start in
      while next + 1 < written.starts.count, written.starts[next + 1] <= start { next += 1 }
      guard !admin.isEmpty || !policies.isGoverned(number) else { return written.values[next] }
      var isFirst = true
      return policies.layered(
        number,
        policies: { _ in
          // All policies of the class are in `written` already.
          defer { isFirst = false }
          return isFirst ? written.values[next] : .none
        },
        rule: { $0.addresses[keyPath: family].contains(start) ? $0.ports.ports(at: names) : nil })
    }
    return map.connections
  }
}

/// Ports by address: from `starts[i]` up to the next start `values[i]` are open. The first start is the lowest address.
private struct PortMap<Bound: FixedWidthInteger & Sendable> {
  var starts: [Bound]
  var values: [PortSet]

  init(starts: [Bound], values: [PortSet]) {
    self.starts = starts
    self.values = values
  }

  init(_ set: IntervalSet<Bound>, _ ports: PortSet) {
    starts = []
    values = []
    if set.intervals.first?.low != .min { append(.min, .none) }
    for interval in set.intervals {
      append(interval.low, ports)
      if interval.high < .max { append(interval.high + 1, .none) }
    }
  }

  private mutating func append(_ start: Bound, _ ports: PortSet) {
    if values.last == ports { return }
    starts.append(start)
    values.append(ports)
  }

  /// Halves first, so that a hundred thousand rules cost no more than sorting them.
  static func union(_ lists: ArraySlice<(IntervalSet<Bound>, PortSet)>) -> PortMap {
    guard lists.count > 1 else { return lists.first.map { PortMap($0.0, $0.1) } ?? PortMap(IntervalSet(), .none) }
    let middle = lists.startIndex + lists.count / 2
    return union(lists[..<middle]).merged(union(lists[middle...])) { $0.union($1) }
  }

  /// Blocks that overlap with ports of their own can ask for the product of both; beyond this many ranges of ports,
  /// ports become one range from the lowest to the highest (`BH-REACH-004` says so).
  private static var mostRanges: Int { PolicyPart.mostRanges }

  private var coarse: PortMap { PortMap(starts: starts, values: values.map { $0.size > 8 ? $0.hull : $0 }) }

  func merged(_ other: PortMap, _ combine: (PortSet, PortSet) -> PortSet) -> PortMap {
    var result = PortMap(starts: [], values: [])
    var (left, right) = (0, 0)
    var size = 0
    while left < starts.count || right < other.starts.count {
      let a = left < starts.count ? starts[left] : .max
      let b = right < other.starts.count ? other.starts[right] : .max
      let isLeft = left < starts.count && (right == other.starts.count || a <= b)
      let isRight = right < other.starts.count && (left == starts.count || b <= a)
      if isLeft { left += 1 }
      if isRight { right += 1 }
      let ports = combine(left > 0 ? values[left - 1] : .none, right > 0 ? other.values[right - 1] : .none)
      result.append(isLeft ? a : b, ports)
      size += ports.size
      if size > Self.mostRanges, (values + other.values).contains(where: { $0.size > 8 }) {
        return coarse.merged(other.coarse, combine)
      }
    }
    return result
  }

  /// Runs of equal ports; what is closed is left out.
  var connections: [AddressConnection<Bound>] {
    var result: [AddressConnection<Bound>] = []
    for (index, start) in starts.enumerated() where !values[index].isEmpty {
      let end = index + 1 < starts.count ? starts[index + 1] - 1 : .max
      if let last = result.last, last.ports == values[index], last.high + 1 == start {
        result[result.count - 1].high = end
      } else {
        result.append(AddressConnection(low: start, high: end, ports: values[index]))
      }
    }
    return result
  }
}
