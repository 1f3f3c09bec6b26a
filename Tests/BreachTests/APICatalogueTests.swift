import Breach
import Testing

@Suite struct APICatalogueTests {
  static let codes: [String] = (1...21).map { $0 < 10 ? "K0\($0)" : "K\($0)" }

  @Test func allAreThere() {
    #expect(VectorCatalogue.all.map(\.code).filter { $0.hasPrefix("K") } == Self.codes)
  }

  @Test(arguments: codes) func eachSaysWhatItIs(code: String) throws {
    let vector = try #require(VectorCatalogue.vector(code))
    #expect(vector.title.count > 10 && vector.explanation.count > 100 && vector.mitigation.count > 40)
    #expect(!vector.references.isEmpty && !vector.signature.isEmpty)
    #expect(!vector.attack.isEmpty)
    for id in vector.attack { #expect(id.wholeMatch(of: /T\d{4}(\.\d{3})?/) != nil, "\(id)") }
  }

  @Test(arguments: codes) func itsExampleHasIt(code: String) throws {
    let vector = try #require(VectorCatalogue.vector(code))
    let context = try APIFixture.context(vector.example)
    #expect(try APIFixture.verdict(code, context) == .open)
    for entry in try APIFixture.assessments(code, context) {
      guard case .open(let evidence) = entry.assessment else { continue }
      for piece in evidence {
        #expect(!piece.message.isEmpty && !piece.fix.isEmpty, "\(entry.who)")
      }
    }
  }

  @Test(arguments: codes) func anEmptyFleetHasNone(code: String) throws {
    let context = try APIFixture.context("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n")
    #expect(try APIFixture.verdict(code, context) != .open)
  }
}
