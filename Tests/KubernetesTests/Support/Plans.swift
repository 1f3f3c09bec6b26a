/// Plans for the shop.
enum Plans {
  /// The cart enrolled and locked, with its callers enrolled before.
  static var twoWaves: String {
    head + """

        - name: "wave-1: enrol 2"
          steps:
          - {workload: "shop/cart[Deployment]", action: harden}
          - {workload: "shop/cart[Deployment]", action: enrol}
          - {workload: "shop/cart[Deployment]", action: authoriseInShadow}
          - {workload: "shop/users[Deployment]", action: enrol}
          - {workload: "shop/users[Deployment]", action: authoriseInShadow}
        - name: "wave-2: lock 1"
          steps:
          - {workload: "shop/cart[Deployment]", action: authorise}
          - {workload: "shop/cart[Deployment]", action: requireMutualTLS}
      """
  }

  static var oneWave: String {
    head + """

        - name: "wave-1: enrol 1"
          steps:
          - {workload: "shop/cart[Deployment]", action: harden}
          - {workload: "shop/cart[Deployment]", action: enrol}
          - {workload: "shop/cart[Deployment]", action: authoriseInShadow}
      """
  }

  private static let head = """
    apiVersion: bulkhead.dev/v1alpha1
    kind: Plan
    spec:
      mesh: envoy
      capacity: 2
      fleetDigest: "0000000000000000000000000000000000000000000000000000000000000000"
      waves:
    """
}
