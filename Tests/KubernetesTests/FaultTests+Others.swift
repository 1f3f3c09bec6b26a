import Foundation
import Glibc
import Testing

/// Somebody else at work on the objects of a wave.
extension FaultTests {
  @Test(
    "a field that somebody takes in mid-wave stays theirs, and so do replicas, autoscaler and budget",
    .enabled(if: Soak.isOn))
  func takenField() async throws {
    try await withShop(Others.autoscalerAndBudget) { rollout in
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      try await Upstream.with(rollout.cluster) { upstream in
        let (_, findings) = try await ClusterWatch.during(upstream) {
          let ending = try await rollout.running(rollout.quick(plan, "run")) { running in
            try #require(try await rollout.hasCanary("cart", of: running), "\(running.messages)")
            try await rollout.cluster.kubectl(
              "apply", "--server-side", "--validate=false", "--field-manager=ops", "-f", "-", input: Others.writableRoot
            )
            try await rollout.cluster.kubectl("-n", "shop", "scale", "deployment", "cart", "--replicas=3")
          }
          #expect(ending.code == 80, "\(ending.code): \(ending.messages)")
          #expect(ending.messages.contains("belongs to ops"), "\(ending.messages)")
          #expect(ending.messages.contains("HorizontalPodAutoscaler cart averages over"), "\(ending.messages)")
        }
        #expect(findings.violations == [] && findings.looks > 10)
      }
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      let cart = try await rollout.cluster.kubectl(
        "-n", "shop", "get", "deployment", "cart", "-o",
        "jsonpath={.spec.replicas} {.spec.template.spec.containers[*].securityContext.readOnlyRootFilesystem}")
      #expect(cart == "3 false", "\(cart)")
      #expect(try await rollout.objects().allSatisfy { !$0.contains("bulkhead-proxy") && !$0.contains("canary") })
      // The pods that the owner's change replaced are counted until they are gone.
      let isRight = try await eventually {
        try await rollout.cluster.kubectl(
          "-n", "shop", "get", "poddisruptionbudget", "cart", "-o", "jsonpath={.status.expectedPods}") == "3"
      }
      #expect(isRight, "the budget expects other pods than the cart's")
    }
  }

  @Test("an admission webhook lets no canary in: 80, and nothing was written that stays")
  func webhookFromTheBeginning() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let webhook = try rollout.write(
        "webhook.json", Others.webhook(against: "CREATE", label: #""bulkhead.dev/canary-of":"cart""#))
      try await rollout.cluster.kubectl("apply", "-f", webhook)
      let ending = try await rollout.running(
        rollout.quick(try rollout.write("plan.yaml", Plans.oneWave), "run")
      ) { _ in }
      #expect(ending.code == 80, "\(ending.code): \(ending.messages)")
      #expect(ending.messages.contains("failed calling webhook"), "\(ending.messages)")
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      try await rollout.cluster.kubectl("delete", "-f", webhook)
      #expect(try await rollout.objects() == before)
    }
  }

  @Test("an admission webhook refuses the undo: 81 and what is left by name; once it is gone, everything goes back")
  func refusingWebhook() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      let webhook = try rollout.write("webhook.json", Others.webhook(against: "UPDATE", label: #""app":"cart""#))
      let ending = try await rollout.running(rollout.quick(plan, "run")) { running in
        try #require(try await running.says("all users on the new pods"), "\(running.messages)")
        try await rollout.cluster.kubectl("apply", "-f", webhook)
        _ = try await rollout.bulkhead("rollout", "abort", rollout.path("run"))
      }
      #expect(ending.code == 81, "\(ending.code): \(ending.messages)")
      let left = try rollout.record("run").waves.last?.notPutBack ?? []
      #expect(left.count == 1 && left.first?.hasPrefix("shop/cart[Deployment]: ") == true, "\(left)")
      #expect(ending.messages.contains("not put back: shop/cart[Deployment]"), "\(ending.messages)")
      #expect(left.first?.contains("failed calling webhook") == true, "\(left)")
      try await rollout.cluster.kubectl("delete", "-f", webhook)
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
    }
  }

  @Test("the workload is deleted in mid-wave: rolled back, and nothing of the wave stays", .enabled(if: Soak.isOn))
  func deletedWorkload() async throws {
    try await withShop { rollout in
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      let ending = try await rollout.running(rollout.quick(plan, "run")) { running in
        try #require(try await rollout.hasCanary("cart", of: running), "\(running.messages)")
        try await rollout.cluster.kubectl("-n", "shop", "delete", "deployment", "cart", "--wait=false")
      }
      #expect(ending.code == 80, "\(ending.code): \(ending.messages)")
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      let left = try await rollout.cluster.kubectl("-n", "shop", "get", "deployments", "-o", "name")
      #expect(left == "deployment.apps/users\n")
    }
  }

  @Test("the canary is deleted in mid-wave: promoted or rolled back, and undone", .enabled(if: Soak.isOn))
  func deletedCanary() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      let ending = try await rollout.running(rollout.quick(plan, "run")) { running in
        try #require(try await rollout.hasCanary("cart", of: running), "\(running.messages)")
        try await rollout.cluster.kubectl("-n", "shop", "delete", "deployment", "cart-bulkhead-canary", "--wait=false")
      }
      #expect([0, 80].contains(ending.code), "\(ending.code): \(ending.messages)")
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
    }
  }

  /// Were the Deployment not held up, its new pods would set their sidecar's rules on the node itself.
  @Test("somebody opens the node's network to a hardened workload: its probe gets out, 82", .enabled(if: Soak.isOn))
  func openedAgain() async throws {
    try await withShop { rollout in
      let before = try await rollout.objects()
      let plan = try rollout.write("plan.yaml", Plans.oneWave)
      let words = rollout.startArguments(plan: plan, out: "run") + ["--skip-trials"]
      let ending = try await rollout.running(words) { running in
        try #require(try await running.says("all users on the new pods"), "\(running.messages)")
        try await rollout.cluster.kubectl("-n", "shop", "patch", "deployment", "cart", "-p", Others.opened)
        try #require(try await running.says("undoing the wave"), "\(running.messages)")
        try await rollout.cluster.kubectl("-n", "shop", "patch", "deployment", "cart", "-p", Others.closed)
      }
      #expect(ending.code == 82, "\(ending.code): \(ending.messages)")
      #expect(try rollout.record("run").waves.last?.reason?.contains("L23") == true)
      let undone = try await rollout.bulkhead("rollout", "undo", rollout.path("run"))
      #expect(undone.code == 0, "\(undone.messages)")
      #expect(try await rollout.objects() == before)
    }
  }
}

/// What somebody else applies.
private enum Others {
  static let autoscalerAndBudget = """
    {"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"cart","namespace":"shop"},
     "spec":{"minReplicas":2,"maxReplicas":5,"targetCPUUtilizationPercentage":80,
      "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"cart"}}}
    {"apiVersion":"policy/v1beta1","kind":"PodDisruptionBudget","metadata":{"name":"cart","namespace":"shop"},
     "spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"cart"}}}}
    """

  static let writableRoot = """
    {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"cart","namespace":"shop"},
     "spec":{"template":{"spec":{"containers":[{"name":"app","securityContext":{"readOnlyRootFilesystem":false}}]}}}}
    """

  /// Nobody answers there, so that what it is asked about is refused: Deployments with this label.
  static func webhook(against operation: String, label: String) -> String {
    """
    {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration",
     "metadata":{"name":"nobody"},
     "webhooks":[{"name":"nobody.bulkhead.test","admissionReviewVersions":["v1"],"sideEffects":"None",
      "failurePolicy":"Fail","timeoutSeconds":2,"clientConfig":{"url":"https://127.0.0.1:1/"},
      "objectSelector":{"matchLabels":{\(label)}},
      "rules":[{"apiGroups":["apps"],"apiVersions":["v1"],"resources":["deployments"],"operations":["\(operation)"]}]}]}
    """
  }

  static let opened = #"{"spec":{"paused":true,"template":{"spec":{"hostNetwork":true}}}}"#
  /// The server gave the container's port one of the node's.
  static let closed = """
    {"spec":{"paused":null,"template":{"spec":{"hostNetwork":null,
     "containers":[{"name":"app","ports":[{"containerPort":8080,"hostPort":null}]}]}}}}
    """
}

extension Rollout {
  /// A run without trials and break-outs.
  func quick(_ plan: String, _ out: String) -> [String] {
    startArguments(plan: plan, out: out, probes: false) + ["--skip-trials"]
  }
}
