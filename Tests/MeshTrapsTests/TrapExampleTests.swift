import FleetModel
import Intake
import IntentModel
import MeshTraps
import Testing

struct TrapExampleTests {
  @Test func allTwentyEightAreThere() {
    #expect(TrapCatalogue.all.map(\.code) == (1...28).map { "T\($0)" })
  }

  @Test(arguments: TrapCatalogue.all.map(\.code)) func theExampleHasIt(_ code: String) throws {
    let trap = try #require(TrapCatalogue.trap(code))
    let result = try Intake().read([InputSource(name: "example.yaml", bytes: Array(trap.example.utf8))], strict: true)
    let context = TrapContext(result.fleet)
    var found: Set<Mesh> = []
    for workload in result.fleet.workloads {
      let pod = context.effectivePod(workload)
      for mesh in Mesh.allCases {
        for hit in trap.hits(pod, context, mesh: mesh) where hit.undecided == nil {
          found.insert(mesh)
          #expect(!hit.message.isEmpty && !hit.fix[mesh].isEmpty)
          #expect(!hit.message.contains("Optional(") && !hit.fix[mesh].contains("Optional("))
        }
      }
    }
    #expect(!found.isEmpty && found.isSubset(of: trap.meshes))
  }

  @Test(arguments: TrapCatalogue.all.map(\.code)) func theTextsAreThere(_ code: String) throws {
    let trap = try #require(TrapCatalogue.trap(code))
    #expect(trap.why.count > 80 && !trap.cure.isEmpty && !trap.title.isEmpty && !trap.references.isEmpty)
  }

  /// A good workload runs into nothing that the input can tell.
  @Test(arguments: Mesh.allCases) func aGoodWorkloadIsFree(_ mesh: Mesh) throws {
    let yaml =
      Piece.service("{port: 8080, name: http}")
      + Piece.deployment(
        spec: "serviceAccountName: cart", container: "readinessProbe: {httpGet: {path: /, port: 8080}}")
    let context = try TrapRun.context(yaml)
    let pod = context.effectivePod(context.fleet.workloads[0])
    let hits = TrapCatalogue.all.flatMap { $0.hits(pod, context, mesh: mesh) }.filter { $0.undecided == nil }
    #expect(hits.map(\.message) == [])
    #expect(Readiness.assess(context, mesh: mesh).map(\.level) == [.ready])
  }
}
