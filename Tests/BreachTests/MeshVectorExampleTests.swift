import AccessControl
import Breach
import Diagnostics
import FleetModel
import Intake
import Testing

/// The vectors M01 to M32 by way of the catalogue.
enum MeshVectorList {
  static let all = VectorCatalogue.all.filter { $0.code.hasPrefix("M") }
}

struct MeshVectorExampleTests {
  @Test func allThirtyTwoAreThere() {
    let codes = (1...32).map { $0 < 10 ? "M0\($0)" : "M\($0)" }
    #expect(MeshVectorList.all.map(\.code) == codes)
  }

  @Test(arguments: MeshVectorList.all.map(\.code)) func theExampleIsOpen(_ code: String) throws {
    let vector = try MeshVectorRun.vector(code)
    let result = try Intake().read([InputSource(name: "example.yaml", bytes: Array(vector.example.utf8))], strict: true)
    #expect(result.findings.filter { $0.severity > .low }.isEmpty)
    let outcomes = MeshVectorRun.outcomes(vector, AuditContext(result.fleet))
    #expect(outcomes.contains { $0.hasPrefix("open ") }, "\(outcomes)")
    #expect(!outcomes.contains { $0.hasPrefix("open without") })
  }

  @Test(arguments: MeshVectorList.all.map(\.code)) func theTextsAreThere(_ code: String) throws {
    let vector = try MeshVectorRun.vector(code)
    #expect(vector.explanation.count > 80 && vector.mitigation.count > 30 && !vector.title.isEmpty)
    #expect(!vector.attack.isEmpty && vector.attack.allSatisfy { $0.wholeMatch(of: /T\d{4}(\.\d{3})?/) != nil })
    #expect(!vector.references.isEmpty && !vector.signature.isEmpty)
  }

  @Test(arguments: MeshVectorList.all.map(\.code)) func withoutAMeshNothingIsOpen(_ code: String) throws {
    // M25, M27 and M29 speak of objects that no cluster without a mesh has; none is here.
    let yaml = Piece.deployment(container: "securityContext: {runAsUser: 0}")
    #expect(try MeshVectorRun.outcomes(code, yaml) == [])
  }

  @Test(arguments: MeshVectorList.all.map(\.code)) func everyFixIsReadableAndNamesSomething(_ code: String) throws {
    let vector = try MeshVectorRun.vector(code)
    let context = try MeshVectorRun.context(vector.example)
    var fixes: [String] = []
    func add(_ assessment: Assessment) { if case .open(let all) = assessment { fixes += all.map(\.fix) } }
    switch vector.rule {
    case .pod(let rule):
      for workload in context.fleet.workloads { add(rule(context.effectivePod(workload), context)) }
    case .subject(let rule): for subject in context.access.subjects { add(rule(context.rights(of: subject), context)) }
    case .fleet(let rule): for assessment in rule(context) { add(assessment.assessment) }
    }
    #expect(!fixes.isEmpty && fixes.allSatisfy { $0.count > 10 && !$0.contains("Optional(") })
  }
}
