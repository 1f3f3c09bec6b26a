import ArgumentParser
import Testing

@testable import CommandLine

/// A command that has options and subcommands takes the options that it knows from behind a subcommand's name, too.
@Suite("Options that a command and its subcommand both know")
struct SharedOptionTests {
  private func parsed<Command>(_ line: String, _ type: Command.Type = Command.self) throws -> Command {
    try #require(try BulkheadCommand.parseAsRoot(line.split(separator: " ").map(String.init)) as? Command)
  }

  @Test("reach plan verify")
  func verify() throws {
    let line = "plan verify p.yaml --key k -f m -f n --requirements r --cluster c --replan --traffic t"
    let command: PlanVerifyCommand = try parsed(line)
    #expect(command.input.files == ["m", "n"] && command.wishes.requirements == "r" && command.wishes.cluster == "c")
    #expect(command.input.observed.traffic == ["t"] && command.key == "k" && command.replan)
    let cluster: PlanVerifyCommand = try parsed("plan verify p.yaml --kube -A --context x")
    #expect(cluster.input.kube && cluster.input.cluster.allNamespaces && cluster.input.cluster.context == "x")
  }

  @Test("reach plan show and plan diff")
  func files() throws {
    #expect(try parsed("plan show p --color never", PlanShowCommand.self).style.color == .never)
    let diff: PlanDiffCommand = try parsed("plan diff p q -o json --color always")
    #expect(diff.format.output == .json && diff.style.color == .always)
    #expect(throws: (any Error).self) { try parsed("plan diff p q -o yaml", PlanDiffCommand.self) }
  }

  @Test("reach judge plan, watch and simulate")
  func judge() throws {
    let numbers = "--alpha 0.01 --beta 0.02 --margin 1.7"
    let plan: JudgePlanCommand = try parsed("judge plan --rate 10 --baseline 0.01 \(numbers)")
    let watch: JudgeWatchCommand = try parsed(
      "judge watch --prometheus http://p:1 --queries app --service s \(numbers)")
    for alarm in [plan.alarm, watch.alarm] {
      #expect(alarm.alpha == 0.01 && alarm.beta == 0.02 && alarm.margin == 1.7)
    }
    let simulate: JudgeSimulateCommand = try parsed("judge simulate --alpha 0.01 --ratio 1.2")
    #expect(simulate.alarm.alpha == 0.01 && simulate.margin == 1.2)
  }
}
