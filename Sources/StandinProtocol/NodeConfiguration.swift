/// What a node offers to those who break out onto it (`bulkhead-standin node --config FILE`): fakes which answer with
/// a secret, so that a probe which has the secret has been there.
package struct NodeConfiguration: Codable, Sendable, Equatable {
  package var sockets: [SocketServer]
  package var servers: [AddressServer]

  /// HTTP on a unix socket, such as a container runtime's: every request gets the body.
  package struct SocketServer: Codable, Sendable, Equatable {
    /// Missing folders above it are created; a socket left there before is replaced.
    package var path: String
    /// Permission bits of the socket, such as 0o660 (432 in JSON).
    package var mode: Int
    package var body: String

    package init(path: String, mode: Int, body: String) {
      self.path = path
      self.mode = mode
      self.body = body
    }
  }

  /// HTTP on an address of the node: a kubelet, a metadata service, an API server, an address of the outside world.
  package struct AddressServer: Codable, Sendable, Equatable {
    /// A numeric address that the namespace has.
    package var address: String
    /// 0 lets the kernel choose; only of use to tests, which read the choice from `NodeReport`.
    package var port: Int
    /// Requests for this path, or for one below it, get the body; others get 404. `/` answers everything.
    package var path: String
    /// When set, requests without `Authorization: Bearer <this>` get 401.
    package var bearer: String?
    package var body: String

    package init(address: String, port: Int, path: String = "/", bearer: String? = nil, body: String) {
      self.address = address
      self.port = port
      self.path = path
      self.bearer = bearer
      self.body = body
    }
  }

  package init(sockets: [SocketServer] = [], servers: [AddressServer] = []) {
    self.sockets = sockets
    self.servers = servers
  }
}

/// The one line a node, or an idle stand-in, prints.
package struct NodeReport: Codable, Sendable, Equatable {
  package var ready: Bool
  /// The ports bound, in the order of `NodeConfiguration.servers`.
  package var ports: [Int]?

  package init(ready: Bool, ports: [Int]? = nil) {
    self.ready = ready
    self.ports = ports
  }
}
