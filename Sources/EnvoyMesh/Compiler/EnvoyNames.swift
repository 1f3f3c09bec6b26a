/// Names inside a sidecar's configuration.
enum EnvoyName {
  static let discoveryCluster = "xds"
  static let passthrough = "passthrough"
  static let nowhere = "nowhere"
  static let certificate = "svid"
  static let trust = "roots"
  /// Endpoint metadata that load balancing reads; `cohort` and `primary` are ours.
  static let balancing = "envoy.lb"
  static let socketMatch = "envoy.transport_socket_match"
  /// What sidecars offer each other by ALPN (RFC 7301): tells the mesh's TLS from an application's own.
  static let meshProtocol = "bulkhead"
  /// Prefix of the counters for what the rules would refuse.
  static let shadow = "shadow"

  static func inbound(_ port: Int) -> String { "in|\(port)" }
}

/// Full names of Envoy's configuration messages.
enum EnvoyType {
  private static func url(_ name: String) -> JSONValue { .string("type.googleapis.com/envoy." + name) }

  static let listener = url("config.listener.v3.Listener")
  static let cluster = url("config.cluster.v3.Cluster")
  static let routes = url("config.route.v3.RouteConfiguration")
  static let assignment = url("config.endpoint.v3.ClusterLoadAssignment")
  static let secret = url("extensions.transport_sockets.tls.v3.Secret")
  static let connectionManager = url(
    "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager")
  static let router = url("extensions.filters.http.router.v3.Router")
  static let fault = url("extensions.filters.http.fault.v3.HTTPFault")
  static let httpRBAC = url("extensions.filters.http.rbac.v3.RBAC")
  static let routeRBAC = url("extensions.filters.http.rbac.v3.RBACPerRoute")
  static let networkRBAC = url("extensions.filters.network.rbac.v3.RBAC")
  static let tcpProxy = url("extensions.filters.network.tcp_proxy.v3.TcpProxy")
  static let originalDestination = url("extensions.filters.listener.original_dst.v3.OriginalDst")
  static let tlsInspector = url("extensions.filters.listener.tls_inspector.v3.TlsInspector")
  static let downstreamTLS = url("extensions.transport_sockets.tls.v3.DownstreamTlsContext")
  static let upstreamTLS = url("extensions.transport_sockets.tls.v3.UpstreamTlsContext")
  static let plaintext = url("extensions.transport_sockets.raw_buffer.v3.RawBuffer")
  static let previousHosts = url("extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate")
  static let connectionLimit = url("extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig")
}
