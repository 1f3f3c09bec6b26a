import Foundation
import StandinProtocol
import Testing

/// A serving stand-in whose reports are read one after the other. For one test, which awaits one thing at a time.
final class Player {
  let process: StandinProcess
  private(set) var ports: [Int] = []
  /// Everything reported so far, added up.
  private(set) var totals = Totals()
  private(set) var outcomes: [AttemptOutcome] = []
  /// Users' requests that were due.
  private(set) var sent = 0
  private var lines: AsyncStream<String>.Iterator

  struct Totals {
    var calls: [String: Counters.CallCount] = [:]
    var served: [Bool: Counters.ServedCount] = [:]
    var users: [Bool: Counters.ServedCount] = [:]
  }

  init(_ configuration: StandinConfiguration, in folder: String) async throws {
    let file = "\(folder)/\(configuration.pod).json"
    try JSONEncoder().encode(configuration).write(to: URL(filePath: file))
    process = try StandinProcess(["serve", "--config", file])
    lines = process.lines.makeAsyncIterator()
    let first = try #require(await report(), "\(configuration.pod) ended before it was ready")
    #expect(first.ready == true)
    ports = try #require(first.ports)
  }

  /// Reads reports until the condition holds; fails when the stand-in ends first.
  func wait(
    sourceLocation: SourceLocation = #_sourceLocation, until condition: (Player) -> Bool
  ) async throws {
    while !condition(self) {
      _ = try #require(await report(), "the stand-in ended early", sourceLocation: sourceLocation)
    }
  }

  /// Memory of the process that is really there.
  var residentMebibytes: Int? { mebibytes("VmRSS") }
  /// The most that there ever was.
  var peakMebibytes: Int? { mebibytes("VmHWM") }

  private func mebibytes(_ field: String) -> Int? {
    let text = (try? String(contentsOfFile: "/proc/\(process.processID)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(field):") }
    return line?.split(separator: " ").compactMap { Int($0) }.first.map { $0 / 1024 }
  }

  /// Looks again and again until it holds; the time limit of the suite ends a wait in vain.
  func reaches(_ condition: (Player) -> Bool) async throws {
    // It polls: nothing reports what the kernel has given to a process.
    while !condition(self) { try await Task.sleep(for: .milliseconds(10)) }
  }

  func attempt(_ attempt: Attempt) async throws -> AttemptOutcome {
    try process.send(StandinOrder(attempt: attempt))
    try await wait { $0.outcomes.contains { $0.id == attempt.id } }
    return try #require(outcomes.first { $0.id == attempt.id })
  }

  private func report() async throws -> StandinReport? {
    guard let line = await lines.next() else { return nil }
    let report = try JSONDecoder().decode(StandinReport.self, from: Data(line.utf8))
    if let outcome = report.outcome { outcomes.append(outcome) }
    for count in report.counters?.calls ?? [] {
      let key = count.target + (count.canary ? " canary" : "")
      var total = totals.calls[key] ?? .init(target: count.target, canary: count.canary)
      total.n += count.n
      total.errors += count.errors
      total.inherited += count.inherited
      total.latency += count.latency
      totals.calls[key] = total
    }
    sent += report.counters?.sent ?? 0
    for count in report.counters?.served ?? [] { add(count, to: \.served) }
    for count in report.counters?.users ?? [] { add(count, to: \.users) }
    return report
  }

  private func add(_ count: Counters.ServedCount, to path: WritableKeyPath<Totals, [Bool: Counters.ServedCount]>) {
    var total = totals[keyPath: path][count.canary] ?? .init(canary: count.canary)
    total.n += count.n
    total.errors += count.errors
    total.latency += count.latency
    totals[keyPath: path][count.canary] = total
  }
}

/// A pod of the workload `default/<name>[Deployment]` with one listener on a port the kernel chooses.
func part(
  _ name: String, tcp: Bool = false, calls: [StandinConfiguration.OutgoingCall] = [],
  users: StandinConfiguration.Users? = nil, milliseconds: Double = 0
) -> StandinConfiguration {
  StandinConfiguration(
    pod: "\(name)-1", workload: workload(name), callerName: "default/\(name)", listen: [.init(port: 0, tcp: tcp)],
    calls: calls, latency: .init(medianMilliseconds: milliseconds, sigma: 0.2), users: users)
}

func workload(_ name: String) -> String { "default/\(name)[Deployment]" }

func call(_ name: String, port: Int, tcp: Bool = false) -> StandinConfiguration.OutgoingCall {
  .init(target: workload(name), host: "127.0.0.1", port: port, tcp: tcp)
}
