import AccessControl
import Diagnostics
import FleetModel
import IntentModel

@testable import Breach

/// Pods and nodes that the tests of L01 to L56 start from.
enum LinuxFixture {
  static let location = SourceLocation(file: "test.yaml", line: 1)

  /// What "restricted" asks for and limits: nothing of the pod itself is open.
  static func hard(_ names: String...) -> PodSpec {
    var pod = PodSpec()
    pod.automountServiceAccountToken = false
    pod.containers = (names.isEmpty ? ["app"] : names).enumerated().map { index, name in
      var container = bareContainer(name)
      container.securityContext.allowPrivilegeEscalation = false
      container.securityContext.runAsNonRoot = true
      container.securityContext.runAsUser = 10001 + index
      container.securityContext.runAsGroup = 10001 + index
      container.securityContext.droppedCapabilities = ["ALL"]
      container.securityContext.seccomp = .runtimeDefault
      container.securityContext.readOnlyRootFilesystem = true
      container.resources.memoryLimitBytes = 1 << 28
      return container
    }
    return pod
  }

  /// What people write first: names and images alone.
  static func bare() -> PodSpec {
    var pod = PodSpec()
    pod.containers = [bareContainer("app")]
    return pod
  }

  static func bareContainer(_ name: String) -> Container {
    var container = Container(name: name, location: location)
    container.image = "example.com/\(name):1"
    return container
  }

  /// Nodes without any of the flaws.
  static var soundNodes: NodeFacts {
    var facts = NodeFacts()
    facts.kernel = Version("6.12.10")
    facts.kubelet = Version("v1.36.0")
    facts.runtime = "containerd"
    facts.runtimeVersion = Version("2.1.5")
    facts.runcVersion = Version("1.3.3")
    facts.cgroupVersion = 2
    facts.securityModules = ["apparmor"]
    facts.unprivilegedUserNamespaces = true
    facts.unprivilegedBPF = false
    facts.unprivilegedUserfaultfd = false
    return facts
  }

  /// Nodes that nobody updated for years.
  static var oldNodes: NodeFacts {
    var facts = NodeFacts()
    facts.kernel = Version("5.15.10")
    facts.kubelet = Version("v1.21.4")
    facts.runtime = "containerd"
    facts.runtimeVersion = Version("1.4.2")
    facts.runcVersion = Version("1.0.0-rc6")
    facts.cgroupVersion = 1
    facts.securityModules = []
    facts.unprivilegedUserNamespaces = true
    facts.unprivilegedBPF = true
    facts.unprivilegedUserfaultfd = true
    return facts
  }

  static func workload(_ pod: PodSpec, kind: String = "Deployment") -> Workload {
    var workload = Workload(id: ObjectReference(kind: kind, namespace: "demo", name: "app"), location: location)
    workload.pod = pod
    return workload
  }

  static func assess(_ code: String, _ pod: PodSpec, _ facts: NodeFacts = NodeFacts(), _ fleet: Fleet = Fleet())
    -> Assessment
  {
    assess(code, workload(pod), facts, fleet)
  }

  static func assess(_ code: String, _ workload: Workload, _ facts: NodeFacts, _ fleet: Fleet) -> Assessment {
    var fleet = fleet
    fleet.workloads = [workload]
    let context = AuditContext(fleet, nodeFacts: facts)
    guard case .pod(let rule) = VectorCatalogue.vector(code)?.rule else { return .unknown(because: "no rule \(code)") }
    return rule(context.effectivePod(workload), context)
  }

  /// Every L row of a pod at once.
  static func all(_ pod: PodSpec, _ facts: NodeFacts) -> [String: Outcome] {
    let workload = workload(pod)
    var fleet = Fleet()
    fleet.workloads = [workload]
    let context = AuditContext(fleet, nodeFacts: facts)
    let effective = context.effectivePod(workload)
    var outcomes: [String: Outcome] = [:]
    for vector in VectorCatalogue.linux {
      if case .pod(let rule) = vector.rule { outcomes[vector.code] = Outcome(rule(effective, context)) }
    }
    return outcomes
  }
}

enum Outcome: Equatable, Comparable {
  case closed, unknown, open

  init(_ assessment: Assessment) {
    self =
      switch assessment {
      case .closed: .closed
      case .unknown: .unknown
      case .open: .open
      }
  }
}
