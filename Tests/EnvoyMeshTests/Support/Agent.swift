import Foundation

/// What came of one request of an agent.
struct Outcome: Decodable, CustomStringConvertible {
  var status: Int?
  var name: String?
  var headers: [String: String]?
  var milliseconds: Double?
  var text: String?
  var error: String?

  var description: String { "\(status ?? 0) \(name ?? "") \(text ?? "") \(error ?? "")" }
}

struct LabFailure: Error, CustomStringConvertible {
  var description: String
}

/// One python process in a pod's network namespace. Orders are carried out one after the other.
final class Agent: Sendable {
  private let process: Process
  private let input: FileHandle
  private let output: FileHandle
  private let queue = DispatchQueue(label: "agent")

  init(command: [String]) throws {
    let process = Process()
    let inPipe = Pipe()
    let outPipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = inPipe
    process.standardOutput = outPipe
    try process.run()
    self.process = process
    input = inPipe.fileHandleForWriting
    output = outPipe.fileHandleForReading
  }

  func ready() async throws { _ = try await line(after: nil) }

  func get(
    _ host: String, _ port: Int, headers: [String: String] = [:], keep: String? = nil
  ) async throws -> Outcome {
    try await order(Order(op: "get", host: host, port: port, headers: headers, keep: keep))
  }

  func tcp(_ host: String, _ port: Int, keep: String? = nil) async throws -> Outcome {
    try await order(Order(op: "tcp", host: host, port: port, headers: [:], keep: keep))
  }

  /// As `tcp`, with TLS of the application's own.
  func tls(_ host: String, _ port: Int, keep: String? = nil) async throws -> Outcome {
    try await order(Order(op: "tls", host: host, port: port, headers: [:], keep: keep))
  }

  func stop() async {
    try? input.close()
    await withCheckedContinuation { continuation in
      queue.async {
        self.process.waitUntilExit()
        continuation.resume()
      }
    }
  }

  private struct Order: Encodable {
    var op: String
    var host: String
    var port: Int
    var headers: [String: String]
    var keep: String?
  }

  private func order(_ order: Order) async throws -> Outcome {
    try JSONDecoder().decode(Outcome.self, from: await line(after: JSONEncoder().encode(order) + Data("\n".utf8)))
  }

  private func line(after data: Data?) async throws -> Data {
    try await withCheckedThrowingContinuation { continuation in
      queue.async {
        do {
          if let data { try self.input.write(contentsOf: data) }
          var line = Data()
          while line.last != UInt8(ascii: "\n") {
            guard let byte = try self.output.read(upToCount: 1), !byte.isEmpty else {
              throw LabFailure(description: "the agent is gone")
            }
            line += byte
          }
          continuation.resume(returning: line)
        } catch { continuation.resume(throwing: error) }
      }
    }
  }
}

/// Runs a command to its end and returns what it printed; throws when it fails.
@discardableResult
func run(_ command: [String], input: String = "") async throws -> String {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async {
      do {
        let process = Process()
        let inPipe = Pipe()
        let outPipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = inPipe
        process.standardOutput = outPipe
        process.standardError = outPipe
        try process.run()
        try inPipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try inPipe.fileHandleForWriting.close()
        let text = String(decoding: outPipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
          throw LabFailure(description: "\(command.joined(separator: " ")): \(text)")
        }
        continuation.resume(returning: text)
      } catch { continuation.resume(throwing: error) }
    }
  }
}
