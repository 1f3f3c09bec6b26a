package import ArgumentParser
import Diagnostics
import Foundation
import Judgement

/// `bulkhead judge plan`: how long a verdict will take, before any canary runs.
package struct JudgePlanCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "How long a verdict takes for given traffic, and the smallest effect that can be seen.",
    discussion: """
      The bound is Wald's: no test with false alarms at most alpha is faster on average. The median is simulated with a
      fixed seed, looking once a second.

      EXAMPLES
        bulkhead judge plan --rate 100 --baseline 0.001 --effect 5
        bulkhead judge plan --rate 2000 --canary-share 0.05 --baseline 0.001 --within 300 -o json
      """)

  @Option(name: .long, help: "Requests per second: of each arm, or of both together with --canary-share.")
  var rate: Double
  @Option(name: .long, help: "Share of the requests that the canary gets.")
  var canaryShare: Double?
  @Option(name: .long, help: "Error rate of the baseline, such as 0.001.")
  var baseline: Double
  @Option(name: .long, help: "The canary's error rate over the baseline's.")
  var effect = 2.0
  @Option(name: .long, help: "Seconds within which the smallest visible effect is asked for.")
  var within = 60.0
  @OptionGroup var alarm: AlarmOptions
  @Option(name: [.customShort("o"), .long], help: "text or json.")
  var output = Output.text

  enum Output: String, ExpressibleByArgument { case text, json }

  package init() {}

  private var plan: JudgementPlan {
    let share = canaryShare
    return JudgementPlan(
      baselineRequests: share.map { rate * (1 - $0) } ?? rate, canaryRequests: share.map { rate * $0 } ?? rate,
      baseline: baseline, settings: JudgeSettings(alpha: alarm.alpha, beta: alarm.beta, margin: alarm.margin))
  }

  package func validate() throws {
    if let problem = plan.problem { throw ValidationError(problem) }
    if !(effect > alarm.margin) {
      throw ValidationError("--effect must be greater than --margin (\(alarm.margin)): no regression")
    }
    if !(baseline * effect <= 1) { throw ValidationError("--baseline times --effect is more than every request") }
    if !(within > 0 && within <= 1e9) { throw ValidationError("--within must be between 0 and 1e9 seconds") }
  }

  package func run() throws {
    let plan = plan
    let answer = Answer(
      schema: "bulkhead.judgePlan/1", alpha: alarm.alpha, beta: alarm.beta, margin: alarm.margin, effect: effect,
      boundSeconds: plan.bound(effect: effect), medianSeconds: plan.medianSeconds(effect: effect), within: within,
      smallestEffect: plan.smallestEffect(within: within), secondsToPromote: plan.secondsToPromote)
    StandardOutput.write(output == .json ? answer.json : answer.text)
  }
}

private struct Answer {
  var schema: String
  var alpha, beta, margin, effect: Double
  var boundSeconds: Double?
  var medianSeconds: Int?
  var within: Double
  var smallestEffect: Double?
  var secondsToPromote: Double?

  var json: String {
    func value(_ number: Double?) -> String { number.map { $0.isFinite ? "\($0)" : "null" } ?? "null" }
    return "{\"schema\":\"\(schema)\",\"alpha\":\(alpha),\"beta\":\(beta),\"margin\":\(margin),\"effect\":\(effect),"
      + "\"boundSeconds\":\(value(boundSeconds)),\"medianSeconds\":\(medianSeconds.map(String.init) ?? "null"),"
      + "\"within\":\(within),\"smallestEffect\":\(value(smallestEffect)),"
      + "\"secondsToPromote\":\(value(secondsToPromote))}\n"
  }

  var text: String {
    func tenths(_ value: Double?) -> String { value.map { String(format: "%.1f", $0) } ?? "-" }
    let effectSeen = smallestEffect.map { String(format: "%.2f times", $0) } ?? "none"
    return """
      a canary with \(effect) times the errors (margin \(margin), alpha \(alpha)):
        Wald's bound             \(tenths(boundSeconds)) s
        simulated median         \(medianSeconds.map { "\($0) s" } ?? "more than 3600 s, or too much to simulate")
      smallest effect visible within \(within) s on average: \(effectSeen)
      promotion of a canary without errors (rate below 1 %, beta \(beta)): \(tenths(secondsToPromote)) s

      """
  }
}
