package import ArgumentParser
import Diagnostics
import Glibc

/// The program: one file per verb.
package struct BulkheadCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "bulkhead",
    abstract: "Roll a service mesh onto running microservices in small, reversible, proven waves.",
    discussion: """
      EXAMPLES
        bulkhead survey   -f manifests/             what runs here, who calls whom, is it ready for a mesh
        bulkhead audit    -f manifests/             which ways out each container has, what breaks a mesh rollout
        bulkhead reach    -f manifests/             who can connect to whom, and which policy decides
        bulkhead paths    -f manifests/             from each container: blast radius, attack paths, cheapest cuts
        bulkhead choose   -f manifests/             which mesh fits, and why
        bulkhead policies -f manifests/             what every layer must allow, and nothing else
        bulkhead plan     -f manifests/             the order of waves that makes risk fall fastest
        bulkhead rehearse -f manifests/ --out out   the whole rollout on a twin on this machine
        bulkhead preflight                          what a cluster lacks for a rollout
        bulkhead rollout start --plan plan.yaml ... the plan carried out on a Kubernetes cluster
        bulkhead doctor                             what this machine lacks
      """,
    version: "0.1.0",
    subcommands: [
      SurveyCommand.self, AuditCommand.self, ReachCommand.self, PathsCommand.self, PoliciesCommand.self,
      ChooseCommand.self, PlanCommand.self,
      RehearseCommand.self, JudgeCommand.self, ExplainCommand.self, DiffCommand.self, DoctorCommand.self,
      PreflightCommand.self, RolloutCommand.self, ControllerCommand.self, DiscoveryCommand.self, SidecarCommand.self,
      TwinCommand.self,
    ])

  package init() {}

  /// What has to happen before the first thread is made.
  ///
  /// The heap of a thread grows page by page, with a system call for each, unless it begins large; only the pages that
  /// are used count as memory. `mallopt` is not among what the module Glibc shows, so that it is looked up by name.
  package static func prepare() {
    typealias Function = @convention(c) (Int32, Int32) -> Int32
    guard let symbol = dlsym(nil, "mallopt") else { return }
    let mallopt = unsafeBitCast(symbol, to: Function.self)
    let (topPad, mapThreshold): (Int32, Int32) = (-2, -3)
    _ = mallopt(topPad, 32 << 20)
    // The first setting fixes this one, which would follow the program's habits otherwise.
    _ = mallopt(mapThreshold, 8 << 20)
  }

  /// Parses, runs and exits with the code that scripts rely on.
  package static func start() async {
    // A reader that closes early (`| head`) must not kill a run.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let error as BulkheadError {
      StandardError.write("bulkhead: \(error.description)\n")
      Glibc.exit(error.exit.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}
