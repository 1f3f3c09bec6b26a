/// Processor time of the machine on which a target runs, all processors together, in seconds since some beginning.
package struct MachineTime: Sendable, Equatable {
  /// Time that passed, once for each processor.
  package var total: Double
  package var idle: Double
  package var used: Double
  /// What a host says it gave to others.
  package var stolen: Double

  package init(total: Double = 0, idle: Double = 0, used: Double = 0, stolen: Double = 0) {
    self.total = total
    self.idle = idle
    self.used = used
    self.stolen = stolen
  }

  /// Of what was wanted since `earlier`, what a host gave to others instead. Hosts also count what they take from a
  /// processor at rest; that time stands in `idle` as well, and nobody missed it.
  package func taken(since earlier: MachineTime) -> Double {
    let missing = (total - earlier.total) - (idle - earlier.idle) - (used - earlier.used)
    return max(0, min(stolen - earlier.stolen, missing))
  }
}

/// Recognises looks at a target that others' use of its machine made worthless: what waits for a processor fails and
/// is slow through nobody's fault. Nothing that runs on the machine itself can bring that about, so that it excuses
/// neither a canary nor a fault. Pure; a target that knows nothing of its machine is never disturbed.
package struct Disturbance: Sendable, Equatable {
  /// A look counts as disturbed from this share of the wanted time on, and only where it is this share of all time:
  /// kernels count in ticks, of which a look has few.
  package static let shareOfWanted = 0.3
  package static let shareOfTotal = 0.15
  /// What had to wait ends, late or never, within this many seconds.
  package static let aftermath = 0.5

  /// All disturbed looks together.
  package private(set) var seconds = 0.0
  private var last: MachineTime?
  private var calmSince = Self.aftermath

  package init(from machine: MachineTime? = nil) { last = machine }

  /// Counts anew; what had to wait until now may still end late.
  package mutating func restart(from machine: MachineTime?) { (seconds, last) = (0, machine) }

  /// - Parameter elapsed: seconds since the look before.
  /// - Returns: whether what was counted since then means nothing.
  package mutating func look(_ machine: MachineTime?, after elapsed: Double) -> Bool {
    defer { last = machine }
    guard let machine, let last else { return false }
    let taken = machine.taken(since: last)
    let wanted = machine.used - last.used + taken
    let isTaken =
      taken >= wanted * Self.shareOfWanted && taken >= (machine.total - last.total) * Self.shareOfTotal && taken > 0
    calmSince = isTaken ? 0 : calmSince + elapsed
    guard isTaken || calmSince <= Self.aftermath else { return false }
    seconds += elapsed
    return true
  }
}
