import Composition
import Diagnostics
import Intake
import IntentModel
import Planning

/// What the subcommands of `plan` read.
enum PlanInput {
  static func requirements(_ wishes: PlanWishes, of input: FleetInput, mesh: String? = nil) throws -> Requirements {
    var result = Requirements()
    if let path = wishes.requirements {
      let source = try file(path)
      result = try RequirementsFile.read(source.bytes, name: source.name)
    }
    if let mesh {
      guard let known = Mesh(rawValue: mesh) else {
        throw BulkheadError(
          .badInput, "there is no mesh '\(mesh.safeForTerminal)'",
          cure: "choose one of \(Mesh.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      result.mesh = known
    }
    result.leavesInfrastructureOut = input.kube && input.cluster.allNamespaces
    return result
  }

  static func plan(_ path: String) throws -> PlanFile {
    let source = try file(path)
    return try PlanFile.read(source.bytes, name: source.name)
  }

  static func file(_ path: String) throws -> InputSource {
    let sources = try InputLoader.load([path])
    guard sources.count == 1, let source = sources.first else {
      throw BulkheadError(.usage, "\(path.safeForTerminal) is a folder", cure: "name one file")
    }
    return source
  }
}
