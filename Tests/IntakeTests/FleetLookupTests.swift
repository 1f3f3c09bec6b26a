import Diagnostics
import FleetModel
import TestSupport
import Testing

/// The prepared lookups against looking at everything.
struct FleetLookupTests {

  private static let place = SourceLocation(file: "x", line: 1)

  private func labels(_ generator: inout SplitMix64) -> [String: String] {
    var result: [String: String] = [:]
    for key in ["a", "b", "c"] where Bool.random(using: &generator) {
      result[key] = ["x", "y", ""].randomElement(using: &generator)
    }
    return result
  }

  private func fleet(_ generator: inout SplitMix64) -> Fleet {
    var fleet = Fleet()
    for number in 0..<Int.random(in: 0...30, using: &generator) {
      let namespace = ["m", "n"].randomElement(using: &generator) ?? ""
      var workload = Workload(
        id: ObjectReference(kind: "Pod", namespace: namespace, name: "w\(number)"), location: Self.place)
      workload.podLabels = labels(&generator)
      fleet.workloads.append(workload)
      var service = Service(
        id: ObjectReference(kind: "Service", namespace: namespace, name: "s\(number)"), location: Self.place)
      service.selector = labels(&generator)
      fleet.services.append(service)
    }
    let ids = fleet.workloads.map(\.id)
    for _ in ids {
      guard let caller = ids.randomElement(using: &generator) else { break }
      fleet.calls.append(
        Call(
          caller: caller, service: nil, host: "h", port: 1,
          target: Bool.random(using: &generator) ? ids.randomElement(using: &generator) : nil, wireProtocol: .http,
          evidence: .wiring(text: "", location: Self.place)))
    }
    return fleet
  }

  private func selector(_ generator: inout SplitMix64) -> LabelSelector {
    let operations: [LabelSelector.Operation] = [.isIn, .isIn, .notIn, .exists, .absent]
    return LabelSelector(
      (0..<Int.random(in: 0...3, using: &generator)).map { _ in
        let values = ["x", "y", "", "z"].filter { _ in Bool.random(using: &generator) }
        return .init(
          key: ["a", "b", "d"].randomElement(using: &generator) ?? "a",
          operation: operations.randomElement(using: &generator) ?? .isIn, values: values + values)
      })
  }

  @Test(arguments: 0..<150)
  func agreeWithLookingAtEverything(_ seed: Int) {
    var generator = SplitMix64(UInt64(seed))
    let fleet = fleet(&generator)
    for service in fleet.services {
      let expected = fleet.workloads.filter { workload in
        !service.selector.isEmpty && workload.id.namespace == service.id.namespace
          && service.selector.allSatisfy { workload.podLabels[$0.key] == $0.value }
      }
      #expect(fleet.workloads(behind: service) == expected)
      #expect(fleet.index.firstWorkload(behind: service).map { fleet.workloads[$0] } == expected.first)
      #expect(fleet.service(service.id) == service)
    }
    for workload in fleet.workloads {
      #expect(fleet.services(of: workload) == fleet.services.filter { $0.selects(workload) })
      #expect(fleet.workload(workload.id) == workload)
      #expect(fleet.calls(from: workload.id) == fleet.calls.filter { $0.caller == workload.id && $0.target != nil })
      #expect(fleet.calls(to: workload.id) == fleet.calls.filter { $0.target == workload.id })
    }
    for namespace in ["m", "n", "o"] {
      let selector = selector(&generator)
      #expect(
        fleet.index.workloads(in: namespace, matching: selector)
          == fleet.workloads.indices.filter {
            fleet.workloads[$0].id.namespace == namespace && selector.matches(fleet.workloads[$0].podLabels)
          })
    }
  }

  @Test func aChangeIsSeen() throws {
    var generator = SplitMix64(3)
    var fleet = fleet(&generator)
    let service = try #require(fleet.services.first { !fleet.workloads(behind: $0).isEmpty })
    let copy = fleet
    fleet.workloads.removeAll()
    fleet.calls.removeAll()
    #expect(fleet.workloads(behind: service).isEmpty && !copy.workloads(behind: service).isEmpty)
    #expect(fleet.calls(from: copy.workloads[0].id).isEmpty && fleet != copy)
    var again = copy
    again.services = fleet.services
    #expect(again == copy)
  }
}
