/// Plans for the shop.
enum Plans {
  /// The cart enrolled and locked, with its callers enrolled before.
  static let twoWaves = plan(
    capacity: 2,
    waves: [
      [
        ("cart", ["harden", "enrol", "authoriseInShadow"]),
        ("users", ["enrol", "authoriseInShadow"]),
      ],
      [("cart", ["authorise", "requireMutualTLS"])],
    ])

  static let oneWave = plan(waves: [[("cart", ["harden", "enrol", "authoriseInShadow"])]])

  /// Without a change of how the workload's own containers run.
  static let enrolOnly = plan(waves: [[("cart", ["enrol", "authoriseInShadow"])]])

  /// One of each kind.
  static let enrolKinds = plan(
    capacity: 3,
    waves: [["cart", "store[StatefulSet]", "agent[DaemonSet]"].map { ($0, ["enrol", "authoriseInShadow"]) }])

  /// In the second wave the cart would ask for identities, and its users have none.
  static let strictTooEarly = plan(
    waves: [[("cart", ["enrol", "authoriseInShadow"])], [("cart", ["authorise", "requireMutualTLS"])]])

  /// - Parameter waves: of each the workloads of the shop, with the actions on them in their order; without a
  ///   kind, such as `store[StatefulSet]`, a Deployment.
  static func plan(
    mesh: String = "envoy", capacity: Int = 1, waves: [[(workload: String, actions: [String])]]
  ) -> String {
    let text = waves.enumerated().map { index, steps in
      "  - name: \"wave-\(index + 1)\"\n    steps:\n"
        + steps.flatMap { step -> [String] in
          let name = step.workload.hasSuffix("]") ? step.workload : "\(step.workload)[Deployment]"
          return step.actions.map { "    - {workload: \"shop/\(name)\", action: \($0)}\n" }
        }.joined()
    }
    return """
      apiVersion: bulkhead.dev/v1alpha1
      kind: Plan
      spec:
        mesh: \(mesh)
        capacity: \(capacity)
        fleetDigest: "\(String(repeating: "0", count: 64))"
        waves:

      """ + text.joined()
  }
}
