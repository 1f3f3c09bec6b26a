import FleetModel

/// Stops binding ports of the node; callers from outside use a Service.
enum HostPortsRemoved: HardeningRule {
  static func apply(to pod: inout PodSpec) -> [HardeningChange] {
    forEachContainer(of: &pod) { container, path in
      var changes: [HardeningChange] = []
      for index in container.ports.indices {
        guard let hostPort = container.ports[index].hostPort else { continue }
        container.ports[index].hostPort = nil
        changes.append(
          HardeningChange(
            path: "\(path).ports[\(container.ports[index].port)].hostPort", before: "\(hostPort)", after: "unset",
            closes: ["L56"], why: "a port of the node leads past services and the mesh; reach the pod by a Service"))
      }
      return changes
    }
  }
}
