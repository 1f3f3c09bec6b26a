import Diagnostics
import FleetModel
import TestSupport

/// Small fleets in which shared labels, shared accounts, hosts' networks and entrances meet.
struct RandomFleet {
  private var random: SplitMix64
  private let place = SourceLocation(file: "random.yaml", line: 3)

  init(seed: UInt64) { random = SplitMix64(seed) }

  mutating func make() -> Fleet {
    var fleet = Fleet()
    let count = 2 + random.below(6)
    fleet.workloads = (0..<count).map { workload($0) }.sorted { $0.id < $1.id }
    for name in ["a", "b"] { fleet.namespaces.append(Namespace(name: name, labels: [:], location: place)) }
    var services: [Service] = []
    for (number, workload) in fleet.workloads.enumerated() where random.chance(75) {
      services.append(service("s\(number)", of: workload))
    }
    fleet.services = services.sorted { $0.id < $1.id }
    var calls: [Call] = []
    for caller in fleet.workloads {
      for service in fleet.services where random.chance(35) {
        guard let target = fleet.workloads(behind: service).first else { continue }
        let port = random.pick(service.ports)
        calls.append(
          Call(
            caller: caller.id, service: service.id, host: service.id.name, port: port.port, target: target.id,
            wireProtocol: port.wireProtocol,
            evidence: .wiring(text: "X=\(service.id.name)", location: place)))
      }
    }
    fleet.calls = calls
    return fleet
  }

  private mutating func workload(_ number: Int) -> Workload {
    let kind = random.pick(["Deployment", "Deployment", "StatefulSet", "CronJob"])
    var workload = Workload(
      id: ObjectReference(kind: kind, namespace: random.pick(["a", "b"]), name: "w\(number)"), location: place)
    let shared = random.chance(25)
    workload.podLabels = random.chance(10) ? [:] : ["app": shared ? "same" : "w\(number)"]
    if random.chance(40) { workload.podLabels["tier"] = random.pick(["x", "y"]) }
    if random.chance(20) { workload.podLabels["pod-template-hash"] = "h\(number)" }
    workload.pod.serviceAccount = random.pick(["default", "common", "w\(number)"])
    workload.pod.hostNetwork = random.chance(10)
    if random.chance(30) { workload.pod.automountServiceAccountToken = false }
    var container = Container(name: "main", location: place)
    container.ports = [ContainerPort(name: "http", port: 8080), ContainerPort(name: "tcp", port: 9000)]
    if random.chance(40) {
      container.readinessProbe = Probe(action: .http(host: nil, port: .named("http"), path: "/", scheme: "HTTP"))
    }
    workload.pod.containers = [container]
    return workload
  }

  private mutating func service(_ name: String, of workload: Workload) -> Service {
    var service = Service(
      id: ObjectReference(kind: "Service", namespace: workload.id.namespace, name: name), location: place)
    service.selector = workload.podLabels.filter { $0.key != "pod-template-hash" }
    service.ports = [ServicePort(name: "http", port: 80, target: .number(8080))]
    if random.chance(40) { service.ports.append(ServicePort(name: "tcp-x", port: 9000, target: .named("tcp"))) }
    if random.chance(15) {
      service.ports.append(ServicePort(name: "dns", port: 5353, target: .number(5353), transport: .udp))
    }
    if random.chance(15) { service.type = "LoadBalancer" }
    return service
  }
}
