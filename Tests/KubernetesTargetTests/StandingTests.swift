import FleetModel
import Intake
import Testing

@testable import KubernetesTarget

/// What a new run makes of what earlier ones have left.
@Suite struct StandingTests {
  private static let strict = "mutualTLS=strict,authorisation=enforced"

  private static func deployment(posture: String?, plan: String?) throws -> DocumentValue {
    let annotations = plan.map { #""annotations":{"bulkhead.dev/plan":"\#($0)"}"# } ?? ""
    let template =
      posture.map {
        #""labels":{"bulkhead.dev/revision":"w1"},"annotations":{"bulkhead.dev/posture":"\#($0)"}"#
      } ?? ""
    return try value(#"{"metadata":{\#(annotations)},"spec":{"template":{"metadata":{\#(template)}}}}"#)
  }

  struct Case: Sendable {
    var name: String
    /// Of the cart and of its user: posture and plan.
    var cart: (posture: String?, plan: String?)
    var user: (posture: String?, plan: String?)?
    var standing: ClusterStanding
  }

  private static let user = ObjectReference(kind: "Deployment", namespace: "shop", name: "user")
  private static let cases = [
    Case(name: "nothing yet", cart: (nil, nil), user: (nil, nil), standing: .untouched),
    Case(name: "all as planned", cart: (strict, "a"), user: (strict, "a"), standing: .done),
    Case(name: "half-way", cart: (strict, "a"), user: (nil, nil), standing: .other([Sample.cart])),
    Case(
      name: "an earlier posture", cart: (strict, "a"), user: ("mutualTLS=permissive,authorisation=shadow", "a"),
      standing: .other([Sample.cart, user])),
    Case(name: "another plan", cart: (strict, "b"), user: (strict, "b"), standing: .other([Sample.cart, user])),
    Case(name: "one is gone", cart: (strict, "a"), user: nil, standing: .other([Sample.cart])),
  ]

  @Test(arguments: cases) func whatIsThereDecides(_ example: Case) throws {
    let live = [
      (Sample.cart, try Self.deployment(posture: example.cart.posture, plan: example.cart.plan)),
      (Self.user, try example.user.map { try Self.deployment(posture: $0.posture, plan: $0.plan) }),
    ]
    let standing = ClusterStanding.of(
      live.map { (id: $0.0, object: $0.1) }, postures: [Sample.cart: Self.strict, Self.user: Self.strict], digest: "a")
    #expect(standing == example.standing, "\(example.name)")
  }

  /// Another plan's is left alone; who does not say whose they are is not.
  @Test(arguments: [("a", true), ("b", false), (nil, true)] as [(String?, Bool)])
  func whoseItIsIsWrittenDown(_ plan: String?, _ isOwn: Bool) throws {
    let live = (id: Sample.cart, object: Optional(try Self.deployment(posture: Self.strict, plan: plan)))
    let (own, foreign) = ClusterStanding.split([live], digest: "a")
    #expect(own == (isOwn ? [Sample.cart] : []) && foreign == (isOwn ? [] : [Sample.cart]))
  }

  @Test(
    arguments: [
      (["discovery", "--keys", "/run/keys", "--namespace", "a", "--namespace", "b"], ["a", "b"]),
      (["discovery"], []), ([], []), (["--namespace"], []),
    ] as [([String], [String])])
  func aServersNamespacesAreRead(_ arguments: [String], _ namespaces: [String]) {
    #expect(DiscoveryObjects.namespaces(in: arguments) == namespaces)
  }
}
