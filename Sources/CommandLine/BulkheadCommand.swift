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
        bulkhead rehearse -f manifests/ --out out   the whole rollout on a twin on this machine
        bulkhead doctor                             what this machine lacks
      """,
    version: "0.1.0",
    subcommands: [
      SurveyCommand.self, AuditCommand.self, ReachCommand.self, PathsCommand.self, PlanCommand.self,
      RehearseCommand.self, JudgeCommand.self, ExplainCommand.self, DiffCommand.self, DoctorCommand.self,
      TwinCommand.self,
    ])

  package init() {}

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
