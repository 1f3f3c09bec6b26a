import Judgement
import StandinProtocol
import Testing

struct CohortsTests {
  private static let people = (0..<20_000).map { "user-\($0)" }

  @Test func nobodyEverGoesBack() {
    let cohorts = Cohorts(
      key: .header("x-user"), salt: "cart-7",
      groups: [CohortGroup(name: "staff", members: ["ada", "user-19"], share: 0)] + Cohorts.usual)
    #expect(cohorts.problem == nil)
    for person in Self.people + ["ada"] {
      let arms = cohorts.groups.indices.map { cohorts.arm(of: person, upTo: $0) }
      // Baseline for a while, canary from then on.
      #expect(arms == arms.sorted { $0 == .baseline && $1 == .canary })
      #expect(arms.last == .canary)
    }
    #expect(cohorts.arm(of: "ada", upTo: 0) == .canary)
    #expect(cohorts.arm(of: nil, upTo: 5) == .baseline)
  }

  @Test(arguments: [100, 500, 2_500, 5_000])
  func sharesAreWhatTheySay(_ share: Int) {
    for salt in ["a", "cart-7", "rollout/2026-01-31"] {
      let cohorts = Cohorts(key: .identity, salt: salt, groups: [CohortGroup(name: "g", share: share)])
      let inside = Self.people.count { cohorts.arm(of: $0, upTo: 0) == .canary }
      let p = Double(share) / 10_000
      let deviation = (Double(Self.people.count) * p * (1 - p)).squareRoot()
      #expect(abs(Double(inside) - Double(Self.people.count) * p) < 4 * deviation, "\(salt): \(inside)")
    }
  }

  /// Chi-square over 100 equal cells, 99 degrees of freedom: 99.9 % of uniform ones stay below 148.2.
  @Test(arguments: ["user-%", "%", "%@example.org", "spiffe://td/ns/shop/sa/cart-%", "session=%;"])
  func placesAreUniform(_ pattern: String) {
    let cohorts = Cohorts(key: .identity, salt: "s")
    var cells = Array(repeating: 0.0, count: 100)
    for number in 0..<20_000 { cells[cohorts.slot(of: pattern.replacing("%", with: "\(number)")) / 100] += 1 }
    let statistic = cells.reduce(0) { $0 + ($1 - 200) * ($1 - 200) / 200 }
    #expect(statistic < 148.2, "\(statistic)")
  }

  @Test func anotherRolloutBeginsWithOtherPeople() {
    let (first, second) = (Cohorts(key: .identity, salt: "one"), Cohorts(key: .identity, salt: "two"))
    let both = Self.people.count { first.slot(of: $0) < 500 && second.slot(of: $0) < 500 }
    // 50 are expected by chance alone.
    #expect((20...85).contains(both), "\(both)")
  }

  /// Written down, so that a new version of the program leaves everybody where they are.
  @Test func placesStayFromVersionToVersion() {
    let cohorts = Cohorts(key: .identity, salt: "cart-7")
    let places = ["", "ada", "bob", "spiffe://td/ns/shop/sa/cart", "日本"].map(cohorts.slot)
    #expect(places == CohortsTests.places)
  }

  static let places = [4450, 529, 87, 4971, 57]

  @Test func keysAreFound() {
    let headers = [("Cookie", "a=1; session=xyz=; b=2"), ("X-User", "ada")].map { (name: $0.0, value: $0.1) }
    #expect(CohortKey.header("x-user").value(headers: headers) == "ada")
    #expect(CohortKey.cookie("session").value(headers: headers) == "xyz=")
    #expect(CohortKey.cookie("sess").value(headers: headers) == nil)
    #expect(CohortKey.identity.value(headers: headers, identity: "spiffe://td/x") == "spiffe://td/x")
    #expect(CohortKey.header("x-user").value(headers: [(name: "x-user", value: "")]) == nil)
  }

  @Test(arguments: [
    ([], "no group"), ([CohortGroup(name: "a", share: 10_001)], "between 0 and 10000"),
    ([CohortGroup(name: "a", share: 500), CohortGroup(name: "b", share: 100)], "go back"),
    ([CohortGroup(name: "a", share: 1), CohortGroup(name: "a", share: 2)], "two groups"),
  ])
  func badGroupsAreNamed(_ groups: [CohortGroup], _ words: String) {
    let cohorts = Cohorts(key: .identity, salt: "", groups: groups)
    #expect(cohorts.problem?.contains(words) == true)
    #expect(cohorts.arm(of: "ada", upTo: 0) == .baseline)
  }

  /// The twin's stand-ins number their users and have a hash of their own; the promise is the same one.
  @Test func theTwinKeepsTheSamePromise() {
    for user in 0..<2_000 {
      let shares = [1, 5, 25, 50, 100].map { CohortAssignment.isCanary(user: user, share: $0) }
      #expect(shares == shares.sorted { !$0 && $1 } && shares.last == true)
    }
  }
}
