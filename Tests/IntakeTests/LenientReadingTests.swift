import Diagnostics
import FleetModel
import Intake
import Testing

/// What Kubernetes would refuse, and tools that write manifests for tests all the same: one finding each, and the rest
/// counts.
struct LenientReadingTests {
  @Test func containersWithoutANameAreCalledByTheirPlace() throws {
    let result = try Support.read(
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: p}
      spec:
        containers:
        - name: first
        - ports: [{containerPort: 80}]
        - name: ""
          ports: [{containerPort: 81}]
      """)
    let workload = try #require(result.fleet.workloads.first)
    #expect(workload.pod.containers.map(\.name) == ["first", "container-2", "container-3"])
    #expect(workload.pod.containers.map { $0.ports.map(\.port) } == [[], [80], [81]])
    #expect(result.findings.map(\.code) == ["BH-INTAKE-005", "BH-INTAKE-005"])
    #expect(result.findings.map { $0.location?.line } == [7, 8])
  }

  @Test(arguments: ["containers: []", "hostNetwork: true", "containers: [text]"])
  func podsWithoutContainersCount(_ spec: String) throws {
    let result = try Support.read(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: p}}\nspec: {\(spec)}\n")
    let workload = try #require(result.fleet.workloads.first)
    #expect(workload.pod.containers.isEmpty && workload.podLabels == ["app": "p"])
    #expect(result.findings.contains { $0.message.contains("no container to run") })
  }

  @Test func ownersWithoutAKindNameThePod() throws {
    let result = try Support.read(
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: p-1
        namespace: home
        ownerReferences:
        - {name: p, controller: true}
      spec: {containers: [{name: c}]}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: p, namespace: home}
      spec: {containers: [{name: c}]}
      """)
    // An owner of an unknown kind owns nothing: both pods stay.
    #expect(result.fleet.workloads.map(\.id.name) == ["p", "p-1"])
    #expect(result.fleet.workloads[1].firstOwner == ObjectReference(kind: "Pod", namespace: "home", name: "p"))
    #expect(result.findings.count == 1 && result.findings[0].message.contains("no kind"))
  }

  @Test func ownersWithoutANameAreLeftOut() throws {
    let result = try Support.read(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, ownerReferences: [{kind: Job}]}\n"
        + "spec: {containers: [{name: c}]}\n")
    #expect(result.fleet.workloads[0].firstOwner == nil)
    #expect(result.findings.count == 1)
  }

  @Test func routesAreKeptAsTheyAre() throws {
    let result = try Support.read(
      "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r, namespace: home}\n"
        + "spec: {to: {kind: Service, name: web}}\n")
    let route = try #require(result.fleet.customObjects.first)
    #expect(route.id == ObjectReference(kind: "Route", namespace: "home", name: "r"))
    #expect(route.spec["to"]?["name"]?.string == "web")
    #expect(result.findings.isEmpty)
  }

  private func context(_ pod: String, container: String = "{}") throws -> (PodSpec, [Finding]) {
    let result = try Support.read(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  securityContext: \(pod)\n"
        + "  containers: [{name: c, securityContext: \(container)}]\n")
    return (try #require(result.fleet.workloads.first).pod, result.findings)
  }

  @Test func aSysctlWithoutAValueStays() throws {
    let (pod, findings) = try context("{sysctls: [{name: kernel.msgmax}, {value: '1'}]}")
    #expect(pod.securityContext.sysctls == ["kernel.msgmax": ""])
    #expect(findings.count == 2)
  }

  /// Not read as "not written": then the pod's profile would seem to hold.
  @Test func profilesOfUnknownTypesStayUnknown() throws {
    let (pod, findings) = try context(
      "{seccompProfile: {type: RuntimeDefault}, appArmorProfile: {type: RuntimeDefault}}",
      container: "{seccompProfile: {type: Runtimedefault}, appArmorProfile: {localhostProfile: x}}")
    let container = pod.containers[0].securityContext
    #expect(container.seccomp == .other("Runtimedefault") && container.appArmor == .other(""))
    #expect(findings.count == 2)
    #expect(findings.contains { $0.message.contains("'Runtimedefault' is none of") })
  }
}
