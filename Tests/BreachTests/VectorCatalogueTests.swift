import Breach
import FleetModel
import IntentModel
import Testing

@Suite struct VectorCatalogueTests {
  @Test func codesAreUniqueAndSorted() {
    let codes = VectorCatalogue.probed.map(\.code)
    #expect(codes == codes.sorted())
    #expect(Set(codes).count == codes.count)
    #expect(codes == ["K08", "K14", "L03", "L17", "L18", "L20", "L23", "L25"])
  }

  @Test(arguments: VectorCatalogue.probed.map(\.code)) func everyVectorSaysWhatAndHowToCureIt(code: String) throws {
    let vector = try #require(VectorCatalogue.vector(code))
    #expect(!vector.title.isEmpty && vector.explanation.count > 60 && !vector.mitigation.isEmpty)
    #expect(!vector.isClosed(in: .untouched))
    #expect(vector.isClosed(in: StepAction.allCases.reduce(.untouched) { $1.applied(to: $0) }))
  }
}
