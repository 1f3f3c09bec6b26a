import ArgumentParser
import Composition
import Diagnostics

struct RolloutStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show how far a rollout has come.",
    discussion: """
      EXAMPLES
        bulkhead rollout status run
        bulkhead rollout status run -o json | jq -r '.result'

      EXIT CODES
        0 shown · 65 no rollout there · 83 journal damaged
      """)

  @Argument(help: "The run's folder.") var folder: String
  @Option(name: .shortAndLong, help: "table or json.") var output: OutputFormat = .table

  func run() async throws {
    let status = try await ClusterRolloutStatus.read(folder)
    switch output {
    case .json: StandardOutput.write(try status.json())
    case .table: StandardOutput.write(status.text)
    }
  }
}

struct RolloutPauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Hold a rollout before its next change.",
    discussion: "EXAMPLES\n  bulkhead rollout pause run\n\nEXIT CODES\n  0 done · 65 no rollout there")

  @Argument(help: "The run's folder.") var folder: String

  func run() async throws {
    try ClusterRolloutStatus.pause(folder)
    StandardError.write("paused before its next change\n")
  }
}

struct RolloutContinueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "continue",
    abstract: "Let a paused rollout go on.",
    discussion: "EXAMPLES\n  bulkhead rollout continue run\n\nEXIT CODES\n  0 done · 65 no rollout there")

  @Argument(help: "The run's folder.") var folder: String

  func run() async throws { try ClusterRolloutStatus.goOn(folder) }
}

struct RolloutApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Approve a wave of a rollout that was started with --approve-waves.",
    discussion: "EXAMPLES\n  bulkhead rollout approve run --wave 2\n\nEXIT CODES\n  0 done · 65 no rollout there")

  @Argument(help: "The run's folder.") var folder: String
  @Option(name: .long, help: "Its number, from 1.") var wave: Int

  func validate() throws {
    guard (1...10_000).contains(wave) else { throw ValidationError("--wave counts from 1") }
  }

  func run() async throws { try ClusterRolloutStatus.approve(folder, wave: wave) }
}

struct RolloutAbortCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "abort",
    abstract: "Have a rollout put its present wave back, and end.",
    discussion: """
      Waves that were promoted stay; 'bulkhead rollout undo' takes those back as well.

      EXAMPLES
        bulkhead rollout abort run

      EXIT CODES
        0 done · 65 no rollout there
      """)

  @Argument(help: "The run's folder.") var folder: String

  func run() async throws {
    try ClusterRolloutStatus.abort(folder)
    StandardError.write("the present wave is put back before its next change\n")
  }
}
