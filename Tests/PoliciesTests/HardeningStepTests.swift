import FleetModel
import IntentModel
import Testing

@testable import Policies

/// Every change of the hardening is in exactly one step, and the step's patch holds it.
struct HardeningStepTests {
  private static let weak = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: weak, namespace: shop}
    spec:
      template:
        metadata: {labels: {app: weak}}
        spec:
          hostNetwork: true
          hostPID: true
          hostIPC: true
          shareProcessNamespace: true
          securityContext: {runAsUser: 0, sysctls: [{name: kernel.msgmax, value: "1"}]}
          containers:
          - name: main
            image: x:1
            ports: [{containerPort: 80, hostPort: 80}]
            securityContext: {privileged: true, procMount: Unmasked, capabilities: {add: [SYS_ADMIN]}}
            resources: {requests: {memory: 64Mi}}
            volumeMounts: [{name: host, mountPath: /host, mountPropagation: Bidirectional}]
          volumes: [{name: host, hostPath: {path: /}}]
    """

  @Test func everyChangeHasItsStep() throws {
    let workload = try #require(try Support.fleet(Self.weak).workloads.first)
    let steps = HardeningSteps.steps(for: workload)
    let changes = Hardening.apply(to: workload.pod).changes
    #expect(Set(changes).isSubset(of: Set(steps.flatMap(\.changes))))
    #expect(!steps.contains { $0.name == "other" }, "\(steps.last?.changes ?? [])")
    #expect(Set(steps.map(\.name)).count == steps.count)
    #expect(steps.contains { $0.name == "resources" } && !steps.contains { $0.name == "user-namespace" })
    for step in steps {
      let spec = step.patch["spec"]?["template"]?["spec"]
      #expect(!(spec?.entries.isEmpty ?? true), "\(step.name) changes nothing")
      #expect(try DocumentReader.values(step.yaml).first == step.patch)
    }
  }

  /// All patches together make the pod that hardening makes.
  @Test func theStepsTogetherAreTheHardening() throws {
    let workload = try #require(try Support.fleet(Self.weak).workloads.first)
    let hardened = Hardening.apply(to: workload.pod).pod
    let steps = HardeningSteps.steps(for: workload)
    func main(_ name: String) -> DocumentValue? {
      steps.first { $0.name == name }?.patch["spec"]?["template"]?["spec"]?["containers"]?.elements.first
    }
    #expect(main("privileged")?["securityContext"]?["privileged"]?.bool == false)
    #expect(main("capabilities")?["securityContext"]?["capabilities"]?["drop"]?.strings == ["ALL"])
    #expect(main("read-only-root")?["volumeMounts"]?.elements.first?["mountPath"]?.string == "/tmp")
    let user = main("user")?["securityContext"]
    #expect(user?["runAsNonRoot"]?.bool == hardened.containers[0].securityContext.runAsNonRoot)
    #expect(main("host-ports")?["ports"]?.elements.first?["containerPort"]?.integer == 80)
    #expect(main("resources")?["resources"]?["limits"]?["memory"]?.string == "134217728")
    let volumes = steps.first { $0.name == "host-paths" }?.patch["spec"]?["template"]?["spec"]?["volumes"]?.elements
    #expect(volumes?.first?["name"]?.string == "host" && volumes?.first?["emptyDir"] == .mapping([]))
  }

  @Test func aHardenedPodNeedsNoStepButANamespace() throws {
    var workload = try #require(try Support.fleet(Self.weak).workloads.first)
    workload.pod = Hardening.apply(to: workload.pod).pod
    workload.pod.hostUsers = false
    workload.pod.containers[0].resources.memoryLimitBytes = 1
    #expect(HardeningSteps.steps(for: workload) == [])
  }
}
