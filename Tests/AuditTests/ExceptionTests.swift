import Diagnostics
import Testing

@testable import Audit

@Suite struct ExceptionTests {
  static let today = CivilDate("2026-06-15")!

  private func apply(_ exceptions: [AuditException], only: Set<String> = ["L01"]) throws -> AuditResult {
    var result = try Support.audit(
      Support.deployment("cart", container: Support.privileged)
        + Support.deployment("web", container: Support.privileged)
    ) { $0.only = only }
    var options = AuditOptions()
    options.only = only
    result.apply(exceptions, today: Self.today, options: options)
    return result
  }

  @Test(arguments: [
    ("L01", "shop/cart[Deployment]", 1), ("L01", "shop/cart", 1), ("L01", "shop/*", 2), ("L*", "*/*", 2),
    ("L01", "shop/cart[Pod]", 0), ("L02", "*/*", 0), ("L?1", "*/w?b[Dep*]", 1),
  ])
  func itBearsWhatItNames(code: String, resource: String, borne: Int) throws {
    let result = try apply([Support.exception(code, resource)])
    #expect(result.borne.count == borne)
    #expect(result.findings.count { $0.code == "L01" } == 2 - borne)
    #expect(result.borne.allSatisfy { $0.exception?.owner == "team-a" })
  }

  @Test func theContainerCountsToo() throws {
    #expect(try apply([Support.exception("L01", "shop/*", container: "main")]).borne.count == 2)
    #expect(try apply([Support.exception("L01", "shop/*", container: "other")]).borne.isEmpty)
  }

  @Test func itHoldsThroughItsLastDay() throws {
    #expect(try apply([Support.exception("L01", "shop/*", expires: "2026-06-15")]).borne.count == 2)
    let over = try apply([Support.exception("L01", "shop/*", expires: "2026-06-14")])
    #expect(over.borne.isEmpty)
    let finding = try #require(over.findings.first { $0.code == "BH-EXCEPTION-001" })
    #expect(finding.severity == .high)
    #expect(finding.location?.line == 5)
    #expect(over.exit(failOn: .high) == .findings)
  }

  @Test func onethatMatchesNothingIsTold() throws {
    let idle = try apply([Support.exception("L01", "shop/nobody")])
    #expect(idle.findings.contains { $0.code == "BH-EXCEPTION-002" && $0.severity == .low })
    // A rule that was not asked for cannot match.
    let unasked = try apply([Support.exception("L02", "shop/nobody")])
    #expect(!unasked.findings.contains { $0.code == "BH-EXCEPTION-002" })
  }

  static let file = """
    apiVersion: bulkhead.dev/v1alpha1
    kind: Exceptions
    metadata: {name: shop}
    spec:
      exceptions:
      - code: L01
        resource: shop/cart[Deployment]
        container: main
        owner: team-a
        reason: the driver needs it until the rewrite
        expires: 2027-01-31
    """

  @Test func aFileIsRead() throws {
    let read = try ExceptionsFile.read(Array(Self.file.utf8), name: "e.yaml")
    #expect(read.count == 1)
    #expect(read.first?.expires == CivilDate("2027-01-31"))
    #expect(read.first?.location == SourceLocation(file: "e.yaml", line: 6))
    #expect(read.first?.container == "main")
  }

  /// Each line left out or spoiled is an error: an exception that is passed over would hide too much, or nothing.
  @Test(arguments: [
    ("    owner: team-a\n", ""), ("    expires: 2027-01-31", ""), ("2027-01-31", "2027-02-31"), ("2027-01-31", "soon"),
    ("    reason: the driver needs it until the rewrite\n", "    reason: ''\n"),
    ("kind: Exceptions", "kind: Exception"),
    ("v1alpha1", "v9"), ("owner: team-a", "owners: team-a"), ("shop/cart[Deployment]", "cart"), ("spec:", "spec: {"),
    ("- code: L01", "- - L01\n    code: L01"), ("code: L01", "code: [L01]"),
  ])
  func whatIsMissingOrWrongIsAnError(text: String, with replacement: String) {
    var changed = Self.file
    if let range = changed.firstRange(of: text) { changed.replaceSubrange(range, with: replacement) }
    #expect(changed != Self.file)
    #expect(throws: BulkheadError.self) { try ExceptionsFile.read(Array(changed.utf8), name: "e.yaml") }
  }

  @Test func hostileFilesEndInAnError() {
    var bomb = "a: &a [x]\n"
    for level in 1..<40 { bomb += "b\(level): &b\(level) [*\(level == 1 ? "a" : "b\(level - 1)"), *a]\n" }
    let texts: [[UInt8]] = [
      Array(bomb.utf8), [0xFF, 0xFE, 0x00], Array(repeating: 0x5B, count: 5000), Array("\u{1B}]0;x\u{7}: [".utf8),
      Array(repeating: 0x20, count: (1 << 20) + 1),
    ]
    for text in texts { #expect(throws: BulkheadError.self) { try ExceptionsFile.read(text, name: "e.yaml") } }
  }

  @Test func globsAgreeWithASimpleSearch() {
    func slow(_ pattern: Substring, _ text: Substring) -> Bool {
      guard let first = pattern.first else { return text.isEmpty }
      if first == "*" { return slow(pattern.dropFirst(), text) || (!text.isEmpty && slow(pattern, text.dropFirst())) }
      guard let other = text.first, first == "?" || first == other else { return false }
      return slow(pattern.dropFirst(), text.dropFirst())
    }
    var state: UInt64 = 42
    func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    func word(_ letters: [Character], _ longest: Int) -> String {
      String((0..<next(longest + 1)).map { _ in letters[next(letters.count)] })
    }
    var matches = 0
    for _ in 0..<20_000 {
      let (pattern, text) = (word(["a", "b", "*", "?"], 6), word(["a", "b"], 7))
      let expected = slow(pattern[...], text[...])
      matches += expected ? 1 : 0
      #expect(Glob(pattern).matches(text) == expected, "\(pattern) \(text)")
    }
    #expect(matches > 1000)
  }

  @Test(arguments: [
    ("2028-02-29", true), ("2027-02-29", false), ("2000-02-29", true), ("1900-02-29", false), ("2027-13-01", false),
    ("2027-00-01", false), ("2027-1-1", false), ("2027-01-01T00:00:00Z", false), ("", false), ("२०२७-०१-०१", false),
    ("-027-01-01", false), ("0000-01-01", false),
  ])
  func daysAreDaysOfTheCalendar(text: String, isDay: Bool) {
    #expect((CivilDate(text) != nil) == isDay)
    if isDay { #expect(CivilDate(text)?.description == text) }
  }
}
