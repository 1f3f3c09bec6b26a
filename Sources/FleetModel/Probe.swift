/// A probe or a lifecycle hook: what the kubelet does to ask or to tell a container something.
package struct Probe: Sendable, Equatable {
  package enum Action: Sendable, Equatable {
    case http(host: String?, port: PortReference, path: String, scheme: String)
    case tcp(host: String?, port: PortReference)
    case grpc(port: Int)
    case exec([String])
    case sleep
  }
  package var action: Action
  package var initialDelaySeconds = 0
  package var periodSeconds = 10
  package var timeoutSeconds = 1
  package var failureThreshold = 3

  package init(action: Action) { self.action = action }
}

/// A port by number or by the name a container gives it.
package enum PortReference: Sendable, Equatable, Hashable {
  case number(Int)
  case named(String)

  /// The number in a container; nil when it declares no such name.
  package func number(in container: Container) -> Int? {
    switch self {
    case .number(let number): number
    case .named(let name): container.ports.first { $0.name == name }?.port
    }
  }
}
