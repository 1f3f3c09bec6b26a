import Breach
import FleetModel
import Planning

/// Judges the probes of a wave: what the wave's steps are meant to close must be closed, what was open before may stay
/// open until its step comes, and nothing may be new.
enum EscapeGate {
  static func verdict(before: [ProbeRecord], after: [ProbeRecord], wave: Wave, vectors: [Vector]) -> GateVerdict {
    let closed = Dictionary(uniqueKeysWithValues: vectors.map { ($0.code, $0) })
    let expected = Set(wave.workloads)
    let seen = Set(after.map(\.workload))
    // A target on which nothing can be tried asks for nothing, and its record says so.
    guard vectors.isEmpty || seen == expected else {
      return .inconclusive(
        "no probe ran from \(expected.subtracting(seen).sorted().map(\.name).joined(separator: ", "))")
    }
    let escaped = after.filter { $0.result == .escaped }
    let broken = escaped.filter { probe in
      guard let posture = wave.posture(of: probe.workload), let vector = closed[probe.vector] else { return true }
      return vector.escape?.isClosed(in: posture) ?? false
    }
    if let first = broken.first {
      return .fail("\(first.vector) got out of \(first.workload) after hardening (\(first.step))")
    }
    let known = Set(before.filter { $0.result == .escaped }.map(\.key))
    if let new = escaped.first(where: { !known.contains($0.key) }) {
      return .fail("\(new.vector) is a new way out of \(new.workload) (\(new.step))")
    }
    if let unclear = after.first(where: { $0.result == .inconclusive }) {
      return .inconclusive("\(unclear.vector) from \(unclear.workload): \(unclear.step) \(unclear.errno ?? "")")
    }
    return .pass
  }
}

extension ProbeRecord {
  var key: String { "\(vector) \(workload)" }

  /// What was seen after one wave is what was there before the next.
  var asBefore: ProbeRecord {
    var copy = self
    copy.phase = .before
    return copy
  }
}

extension [ProbeRecord] {
  /// Escapes from these workloads; the purpose-made weak containers do not count.
  func waysOut(of workloads: [ObjectReference]) -> Int {
    count { $0.result == .escaped && $0.phase != .weakened && workloads.contains($0.workload) }
  }
}

extension GateVerdict {
  var word: String {
    switch self {
    case .pass: "pass"
    case .fail: "fail"
    case .inconclusive: "inconclusive"
    }
  }
}
