import FleetModel

extension PodSecurityControl {
  static let hostPorts = PodSecurityControl(
    "hostPorts", title: "Host ports", level: .baseline,
    rationale: "A host port opens the container on the node's own address, past every NetworkPolicy of the caller's.",
    concerns: .hostPorts,
    revisions: [
      Revision(since: 0) { pod in
        var offence = Offence()
        pod.visitContainers { container, list in
          var bound: [String] = []
          for port in container.ports {
            guard let hostPort = port.hostPort, hostPort != 0 else { continue }
            bound.append(patch(port))
            offence.add(value: String(hostPort))
          }
          guard !bound.isEmpty else { return }
          offence.containers.append(ContainerPlace(list: list, name: container.name))
          offence.details.append(bound)
        }
        return offence.found
      }
    ],
    message: {
      "hostPort: \(Wording.containers($0.containers)) \($0.containers.count == 1 ? "uses" : "use") "
        + "\(Wording.some("hostPort", $0.values.count)) \(Wording.plain($0.values))"
    },
    fix: { offence in
      var patch = PodPatch()
      patch.comment("callers that used the node's address need a Service")
      patch.set(in: offence.containers, level: .baseline) { ["ports:"] + offence.details[$0] }
      return patch.text
    })

  private static func patch(_ port: ContainerPort) -> String {
    "- {containerPort: \(port.port), protocol: \(port.transport.rawValue), hostPort: null}"
  }
}
