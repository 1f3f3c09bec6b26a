import Breach
import FleetModel
import IntentModel
import Testing

@Suite struct VectorCatalogueTests {
  @Test func allRowsOfTheCatalogueAreThere() {
    let codes = VectorCatalogue.all.map(\.code)
    let rows = (1...56).map { ("L", $0) } + (1...21).map { ("K", $0) } + (1...32).map { ("M", $0) }
    #expect(codes == rows.map { $0.0 + ($0.1 < 10 ? "0" : "") + String($0.1) }.sorted())
  }

  @Test func codesAreUniqueAndSorted() {
    let codes = VectorCatalogue.probed.map(\.code)
    #expect(codes == codes.sorted())
    #expect(Set(codes).count == codes.count)
    #expect(codes == ["K08", "K14", "L03", "L17", "L18", "L20", "L23", "L25"])
  }

  @Test(arguments: VectorCatalogue.probed.map(\.code)) func everyVectorSaysWhatAndHowToCureIt(code: String) throws {
    let vector = try #require(VectorCatalogue.vector(code))
    #expect(!vector.title.isEmpty && vector.explanation.count > 60 && !vector.mitigation.isEmpty)
    let escape = try #require(vector.escape)
    #expect(!escape.isClosed(in: .untouched))
    #expect(escape.isClosed(in: StepAction.allCases.reduce(.untouched) { $1.applied(to: $0) }))
  }
}
