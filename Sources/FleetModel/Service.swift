package import Diagnostics

package struct Service: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var type: String = "ClusterIP"
  package var headless = false
  package var selector: [String: String] = [:]
  package var ports: [ServicePort] = []
  package var annotations: [String: String] = [:]
  package var externalIPs: [String] = []
  package var externalName: String?

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }

  /// True when callers outside the cluster are meant to reach it.
  package var facesOutside: Bool { type == "LoadBalancer" || type == "NodePort" }
}

package struct ServicePort: Sendable, Equatable {
  package enum Target: Sendable, Equatable {
    case number(Int)
    case named(String)
  }
  package var name: String?
  package var port: Int
  package var target: Target
  package var transport: Transport
  package var appProtocol: String?

  package init(
    name: String? = nil, port: Int, target: Target? = nil, transport: Transport = .tcp, appProtocol: String? = nil
  ) {
    self.name = name
    self.port = port
    self.target = target ?? .number(port)
    self.transport = transport
    self.appProtocol = appProtocol
  }

  /// The container port it leads to in a workload's pods; nil when a named port is not declared there.
  package func targetPort(in workload: Workload) -> Int? {
    switch target {
    case .number(let number): number
    case .named(let name): workload.pod.containers.lazy.flatMap(\.ports).first { $0.name == name }?.port
    }
  }

  /// What is spoken on the port, by `appProtocol`, then the name's prefix (Istio's protocol selection), then the
  /// well-known ports of server-first protocols and of HTTPS; HTTP where nothing says otherwise. What an application
  /// encrypts itself is bytes to a sidecar.
  package var wireProtocol: WireProtocol {
    let hint = (appProtocol ?? name.map { String($0.prefix { $0 != "-" }) } ?? "").lowercased()
    switch hint {
    case "http", "http2", "grpc", "grpc-web", "kubernetes.io/h2c", "kubernetes.io/ws": return .http
    case "tcp", "tls", "https", "kubernetes.io/wss", "mongo", "mysql", "redis", "postgres", "postgresql", "amqp",
      "kafka", "mqtt", "smtp":
      return .tcp
    default: return WireProtocol.serverFirstPorts.contains(port) || WireProtocol.tlsPorts.contains(port) ? .tcp : .http
    }
  }
}

package enum WireProtocol: String, Sendable, Codable, Hashable, CaseIterable {
  case http, tcp

  /// Ports of protocols in which the server speaks first or that are no HTTP (trap T7).
  package static let serverFirstPorts: Set<Int> = [
    21, 22, 25, 110, 143, 587, 993, 995, 1433, 3306, 5432, 5672, 6379, 9042, 9092, 9300, 11211, 26379, 27017,
  ]
  /// Ports on which servers usually speak TLS themselves: HTTPS, and its usual place above 1024.
  package static let tlsPorts: Set<Int> = [443, 8443]
}

package struct ServiceAccount: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var automountServiceAccountToken: Bool?
  package var annotations: [String: String] = [:]

  package init(id: ObjectReference, location: SourceLocation, automountServiceAccountToken: Bool? = nil) {
    self.id = id
    self.location = location
    self.automountServiceAccountToken = automountServiceAccountToken
  }
}

package struct Namespace: Sendable, Equatable {
  package var name: String
  package var labels: [String: String]
  package var annotations: [String: String] = [:]
  package var location: SourceLocation

  package init(name: String, labels: [String: String], location: SourceLocation) {
    self.name = name
    self.labels = labels
    self.location = location
  }
}

package struct ConfigMap: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var value: String
    package var location: SourceLocation

    package init(value: String, location: SourceLocation) {
      self.value = value
      self.location = location
    }
  }
  package var id: ObjectReference
  package var location: SourceLocation
  package var labels: [String: String] = [:]
  package var data: [String: Entry] = [:]

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}
