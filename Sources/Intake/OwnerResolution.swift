import Diagnostics
import FleetModel

/// Pods, replica sets and jobs whose owner is in the input are its doing, not workloads of their own. Linear, however
/// long a chain of owners is; a circle of owners is one finding, and its members stay.
struct OwnerResolution {
  private(set) var findings: [Finding] = []
  private let workloads: [ParsedWorkload]
  /// The first owner that is in the input.
  private let owners: [Int?]
  private var inCircle: Set<Int> = []

  init(_ workloads: [ParsedWorkload]) {
    self.workloads = workloads
    guard workloads.contains(where: { !$0.owners.isEmpty }) else {
      owners = []
      return
    }
    let positions = Dictionary(zip(workloads.map(\.workload.id), workloads.indices)) { first, _ in first }
    owners = workloads.map { parsed in parsed.owners.lazy.compactMap { positions[$0] }.first }
    findCircles()
  }

  func isOwned(_ position: Int) -> Bool {
    guard position < owners.count, owners[position] != nil else { return false }
    return !inCircle.contains(position)
  }

  /// Walks from each workload up to one that is known; what comes back to the walk itself is a circle.
  private mutating func findCircles() {
    var walkOf = [Int](repeating: -1, count: owners.count)
    for start in owners.indices where walkOf[start] < 0 {
      var current = start
      while walkOf[current] < 0 {
        walkOf[current] = start
        guard let next = owners[current] else { break }
        current = next
      }
      guard walkOf[current] == start, owners[current] != nil, !inCircle.contains(current) else { continue }
      addCircle(current)
    }
  }

  private mutating func addCircle(_ first: Int) {
    var members = [first]
    var current = owners[first]
    while let next = current, next != first {
      members.append(next)
      current = owners[next]
    }
    inCircle.formUnion(members)
    let sorted = members.map { workloads[$0].workload }.sorted { $0.id < $1.id }
    let names = sorted.prefix(5).map { $0.id.description.safeForTerminal }.joined(separator: ", ")
    findings.append(
      IntakeCode.ownedTwice.finding(
        .medium,
        "owner references lead in a circle through \(names)\(sorted.count > 5 ? ", …" : ""); they count as unowned",
        fix: "remove the wrong ownerReference", resource: sorted[0].id.description, at: sorted[0].location))
  }
}
