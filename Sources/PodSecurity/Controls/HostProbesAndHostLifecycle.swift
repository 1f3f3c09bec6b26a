import FleetModel

extension PodSecurityControl {
  static let hostProbesAndHostLifecycle = PodSecurityControl(
    "hostProbesAndHostLifecycle", title: "Host of probes and lifecycle hooks", level: .baseline,
    rationale: "With a host of its own choice a probe makes the kubelet send requests into networks it alone reaches.",
    concerns: .handlerHosts,
    revisions: [
      Revision(since: 34) { pod in
        var offence = Offence()
        pod.visitContainers { container, list in
          var patches: [String] = []
          func look(_ probe: Probe?, _ key: String) {
            guard let (kind, host) = probe?.action.host, !host.isEmpty else { return }
            offence.add(value: host)
            patches.append("\(key): {\(kind): {host: null}}")
          }
          look(container.livenessProbe, "livenessProbe")
          look(container.readinessProbe, "readinessProbe")
          look(container.startupProbe, "startupProbe")
          look(container.postStart, "postStart")
          look(container.preStop, "preStop")
          guard !patches.isEmpty else { return }
          offence.containers.append(ContainerPlace(list: list, name: container.name))
          offence.details.append(patches)
        }
        return offence.found
      }
    ],
    message: {
      "probe or lifecycle host: \(Wording.containers($0.containers)) \($0.containers.count == 1 ? "asks" : "ask") "
        + "\(Wording.some("host", $0.values.count)) \(Wording.list($0.values))"
    },
    fix: { offence in
      var patch = PodPatch()
      patch.comment("without a host the kubelet asks the pod itself")
      patch.set(in: offence.containers, level: .baseline) { lines(offence.details[$0]) }
      return patch.text
    })

  /// Hooks stand below `lifecycle`, probes in the container itself.
  private static func lines(_ patches: [String]) -> [String] {
    let hooks = patches.filter { $0.hasPrefix("p") }
    return patches.filter { !$0.hasPrefix("p") } + (hooks.isEmpty ? [] : ["lifecycle:"] + hooks.map { "  " + $0 })
  }
}

extension Probe.Action {
  /// The host it names and the key of the handler that does.
  var host: (kind: String, host: String)? {
    switch self {
    case .http(let host?, _, _, _): ("httpGet", host)
    case .tcp(let host?, _): ("tcpSocket", host)
    case .http, .tcp, .grpc, .exec, .sleep: nil
    }
  }
}
