import Testing

/// The shop of stand-ins, with its users served; gone in the end.
func withShop(
  _ more: String = "", shop: String = RolloutShop.manifests, workloads: [String] = ["deployment/cart"],
  _ body: (Rollout) async throws -> Void
) async throws {
  try await undisturbed { try await withShopOnce(more, shop: shop, workloads: workloads, body) }
}

private func withShopOnce(
  _ more: String, shop: String, workloads: [String], _ body: (Rollout) async throws -> Void
) async throws {
  let cluster = try Cluster.current()
  // A test that failed must not fail the next one.
  try await cluster.deleteNamespaces(RolloutShop.namespace)
  _ = try await cluster.tryKubectl(["-n", "bulkhead", "delete", "lease", "bulkhead-rollout"])
  try await withFolder { folder in
    let rollout = Rollout(cluster: cluster, folder: folder)
    let manifests = try rollout.write("shop.json", shop + "\n" + more)
    try await cluster.kubectl("apply", "-f", manifests)
    for workload in workloads + ["deployment/users"] {
      try await cluster.kubectl(
        "-n", RolloutShop.namespace, "rollout", "status", workload, "--timeout=120s")
    }
    // Names and addresses of a new service take a moment; from then on nothing fails.
    var last = try await rollout.counted(by: "users")
    let flows = try await eventually {
      let next = try await rollout.counted(by: "users")
      defer { if next.errors > last.errors { last = next } }
      return next.errors == last.errors && next.n >= last.n + 100
    }
    #expect(flows, "the shop does not work")
    try await body(rollout)
    try await cluster.deleteNamespaces(RolloutShop.namespace)
  }
}
