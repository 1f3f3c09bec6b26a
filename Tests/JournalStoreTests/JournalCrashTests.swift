import Diagnostics
import Foundation
import Glibc
import Rollout
import Testing

@testable import JournalStore

/// Real processes killed and real full disks: the test binary starts itself again as the writer.
@Suite struct JournalCrashTests {
  static let childVariable = "BULKHEAD_JOURNAL_CHILD"

  @Test func killedWritersLoseNoAcknowledgedRecord() async throws {
    try await withFolder { folder in
      let path = folder + "/j"
      var safe = 0
      for round in 0..<20 {
        // From "before anything" to some forty records: the kill meets opening, writing and checkpoints.
        let patience = round == 0 ? 0 : Int.random(in: 0...40)
        let acknowledged = try await onThread { try killedWriter(path, after: patience) }
        #expect(acknowledged.last ?? safe >= safe + acknowledged.count, "numbers go on where they ended")
        safe = max(safe, acknowledged.last ?? 0)
        guard safe > 0 else { continue }
        let journal = try await SQLiteJournal.open(at: path, .resume)
        let records = try await journal.records()
        #expect(records.count >= safe, "round \(round): \(safe) acknowledged, \(records.count) there")
        #expect(records.allSatisfy { $0.body == body($0.seq, bytes: childBodyBytes($0.seq)) })
        safe = records.count
        // In half of the rounds the next writer finds a write-ahead log left by a killed process.
        if round % 2 == 0 { try await journal.close() }
      }
      #expect(safe > 20)
    }
  }

  @Test func aFullDiskIsReportedAndLosesNothing() async throws {
    try await withFolder { folder in
      let mount = """
        mount -t tmpfs -o size=500k,mode=0700 bulkhead-test "$1" && exec "$2" --testing-library swift-testing \
        --filter journalWriterChild
        """
      let arguments = ["--mount", "sh", "-c", mount, "sh", folder, try testBinary()]
      let output = try await onThread {
        try runChild(
          "/usr/bin/unshare", (geteuid() == 0 ? [] : ["--map-root-user"]) + arguments, ["fill", folder + "/j"])
      }
      #expect(output.contains("fill: survived"), "\(output)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment[childVariable] != nil, "the writer of the tests above"))
  func journalWriterChild() async throws {
    let words = try #require(ProcessInfo.processInfo.environment[Self.childVariable]).split(separator: "\n")
    let path = String(words[1])
    switch words[0] {
    case "write": try await writeForEver(path)
    default: try await fillTheDisk(path)
    }
  }
}

private func childBodyBytes(_ seq: Int) -> Int { seq % 7 == 0 ? 60_000 : seq % 50 }

/// Says `ack N` as soon as record N is acknowledged.
private func writeForEver(_ path: String) async throws {
  say("ready")
  let journal: SQLiteJournal
  do {
    journal = try await SQLiteJournal.open(at: path, .create)
  } catch let error as BulkheadError where error.exit == .usage {
    journal = try await SQLiteJournal.open(at: path, .resume)
  }
  var next = try await journal.records().count + 1
  while true {
    let record = try await journal.append(kind: "note", body: body(next, bytes: childBodyBytes(next)))
    guard record.seq == next else { return say("wrong number \(record.seq)") }
    say("ack \(next)")
    next += 1
  }
}

private func fillTheDisk(_ path: String) async throws {
  let ballast = path + ".ballast"
  try Data(count: 250_000).write(to: URL(fileURLWithPath: ballast))
  let journal = try await SQLiteJournal.open(at: path, .create)
  var written = 0
  let full = await failure {
    while true {
      written = try await journal.append(kind: "note", body: body(written + 1, bytes: 3000)).seq
    }
  }
  #expect(full?.exit == .tryAgain && full?.message.contains("no space left") == true, "\(String(describing: full))")
  #expect(written > 5)
  #expect(try await journal.records().count == written)
  try FileManager.default.removeItem(atPath: ballast)
  #expect(try await journal.append(kind: "note", body: "after").seq == written + 1)
  try? await journal.close()
  let again = try await SQLiteJournal.open(at: path, .resume)
  #expect(try await again.verify() == written + 1)
  try await again.close()
  say("fill: survived")
}

/// Kills a writer right after its acknowledgement number `patience`, while it is already on the next record.
private func killedWriter(_ path: String, after patience: Int) throws -> [Int] {
  let (process, output) = try startChild(
    try testBinary(), ["--testing-library", "swift-testing", "--filter", "journalWriterChild"], ["write", path])
  var text = ""
  var isKilled = false
  while case let data = output.availableData, !data.isEmpty {
    text += String(decoding: data, as: UTF8.self)
    if !isKilled, text.contains("ready\n"), text.components(separatedBy: "ack ").count - 1 >= patience {
      kill(process.processIdentifier, SIGKILL)
      isKilled = true
    }
  }
  process.waitUntilExit()
  #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL, "\(text)")
  return text.split(separator: "\n").compactMap { $0.hasPrefix("ack ") ? Int($0.dropFirst(4)) : nil }
}

private func runChild(_ program: String, _ arguments: [String], _ task: [String]) throws -> String {
  let (process, output) = try startChild(program, arguments, task)
  let text = String(decoding: try output.readToEnd() ?? Data(), as: UTF8.self)
  process.waitUntilExit()
  #expect(process.terminationStatus == 0, "\(text)")
  return text
}

private func startChild(_ program: String, _ arguments: [String], _ task: [String]) throws -> (Process, FileHandle) {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(
    [JournalCrashTests.childVariable: task.joined(separator: "\n")]) { $1 }
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  return (process, pipe.fileHandleForReading)
}

private func testBinary() throws -> String {
  try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
}

private func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(STDOUT_FILENO, bytes, bytes.count)
}

/// Waiting for a process blocks, which is no work for the cooperative threads.
private func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}
