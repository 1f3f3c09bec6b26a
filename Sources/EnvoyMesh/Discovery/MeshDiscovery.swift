import Diagnostics
import FleetModel
package import IntentModel
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The discovery server of a cluster: configuration and identities for pods anywhere in it.
///
/// A pod shows a token of its service account once and gets a credential for mutual TLS, which is good as long as the
/// pod is there. The credential names the pod, and the pod decides what it is sent: nothing that a request claims
/// counts. Sidecars keep what they have while the server is away.
package actor MeshDiscovery {
  package typealias Authenticate = @Sendable (_ token: String) async throws -> PodClaim

  let settings: MeshDiscoverySettings
  private let authority: CertificateAuthority
  private let credentials: CertificateAuthority
  private let authenticate: Authenticate
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let registry = SessionRegistry()
  let counters = SidecarCounters()
  private var listeners: [any Channel] = []
  private var certificates: [String: WorkloadCertificate] = [:]
  private var state = MeshState()
  private var renewal: Task<Void, Never>?

  /// - Parameters:
  ///   - authority: signs the identities of workloads.
  ///   - credentials: signs what pods show to this server; nobody else trusts it.
  ///   - authenticate: whose token it is; throws for one that is nobody's.
  package init(
    _ settings: MeshDiscoverySettings, authority: CertificateAuthority, credentials: CertificateAuthority,
    authenticate: @escaping Authenticate
  ) {
    (self.settings, self.authority, self.credentials) = (settings, authority, credentials)
    self.authenticate = authenticate
  }

  package struct Ports: Sendable {
    package var discovery: Int
    package var credentials: Int
    package var statistics: Int
    package var status: Int
  }

  /// Opens the ports. What is to be served should have been published before.
  package func start() async throws -> Ports {
    let server = try authority.issueServer(names: settings.names, now: Date())
    let (registry, counters) = (registry, counters)
    do {
      let mutual = try TLSSettings.server(server, trusting: credentials.rootPEM)
      let oneSided = try TLSSettings.server(server, trusting: nil)
      let discovery = try await listen(settings.discoveryPort, mutual) { channel in
        try channel.pipeline.syncOperations.addHandler(PeerHandler(registry: registry, task: .discovery))
      }
      let statistics = try await listen(settings.statisticsPort, mutual) { channel in
        try channel.pipeline.syncOperations.addHandler(PeerHandler(registry: registry, task: .statistics(counters)))
      }
      let credentials = try await listen(settings.credentialsPort, oneSided) { channel in
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
        try channel.pipeline.syncOperations.addHandler(RequestHandler(limit: 64 << 10, answer: self.credential))
      }
      let status = try await listen(settings.statusPort, nil) { channel in
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
        try channel.pipeline.syncOperations.addHandler(RequestHandler(limit: 64 << 10, answer: self.operatorAsks))
      }
      renewInTime()
      return Ports(discovery: discovery, credentials: credentials, statistics: statistics, status: status)
    } catch let error as BulkheadError {
      throw error
    } catch {
      throw BulkheadError(
        .configuration, "the discovery server cannot open its ports", cure: "see that nobody else has them",
        cause: error)
    }
  }

  private func listen(
    _ port: Int, _ context: NIOSSLContext?, _ prepare: @escaping @Sendable (any Channel) throws -> Void
  ) async throws -> Int {
    let connections = ConnectionLimit(4_096)
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard connections.open(channel) else { return channel.close(promise: nil) }
          if let context { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context)) }
          try prepare(channel)
        }
      }
      .bind(host: settings.host, port: port).get()
    listeners.append(channel)
    return channel.localAddress?.port ?? port
  }

  package func stop() async {
    renewal?.cancel()
    for listener in listeners { try? await listener.close().get() }
    listeners = []
    try? await group.shutdownGracefully()
  }

  // MARK: - Configuration

  /// Serves this state from now on. Pods are known by their ids; one that is no longer there loses its connections.
  package func publish(_ state: MeshState) throws {
    self.state = state
    let enrolled = state.pods.filter(\.intent.posture.enrolled)
    let known = Set(enrolled.map(\.id))
    registry.keep(known)
    certificates = certificates.filter { known.contains($0.key) }
    let compiler = SidecarCompiler(state: state)
    for pod in enrolled { try serve(pod, compiler) }
  }

  private func serve(_ pod: MeshPod, _ compiler: SidecarCompiler) throws {
    var certificate = certificates[pod.id]
    if certificate == nil || certificate?.identity != pod.intent.identity || (certificate?.renewal ?? Date()) <= Date()
    {
      certificate = try authority.issue(for: pod.intent.identity, now: Date())
      certificates[pod.id] = certificate
    }
    guard let certificate else { return }
    var set = compiler.compile(for: pod)
    let secrets = Secrets.resources(certificate: certificate, trustedRoot: authority.rootPEM)
    let users = (set.resources[ResourceKey(.listeners)] ?? []) + (set.resources[ResourceKey(.clusters)] ?? [])
    for (key, content) in secrets where users.contains(where: { $0.mentions(key.name) }) {
      set.resources[key] = content
    }
    registry.session(pod.id).offer(set, inUse: pod.ready)
  }

  private func renewInTime() {
    renewal = Task { [weak self] in
      while !Task.isCancelled {
        do { try await Task.sleep(for: .seconds(60)) } catch { return }
        try? await self?.renew()
      }
    }
  }

  /// Certificates are replaced at half of their life, so that a server that is away for as long harms nobody.
  private func renew() throws { try publish(state) }

  // MARK: - Credentials

  /// A token and a signing request go in, a credential comes out.
  private func credential(_ path: String, _ body: [UInt8]) async -> RequestHandler.Answer {
    guard path == CredentialRequest.path, let request = CredentialRequest(body) else { return .refused(400) }
    do {
      let pod = try await authenticate(request.token)
      let chain = try credentials.issueCredential(for: pod, request: request.signingRequest, now: Date())
      registry.admit(pod.uid)
      let answer: JSONValue = ["certificate": .string(chain), "root": .string(authority.rootPEM)]
      return .json(answer.text)
    } catch {
      return .refused(403)
    }
  }

  // MARK: - Status

  /// What every sidecar runs with and has counted.
  func statusText() -> String {
    let pods = state.pods.filter(\.intent.posture.enrolled).sorted { $0.id < $1.id }.map { pod -> JSONValue in
      let report = registry.known(pod.id)?.session.report()
      let standing: String
      switch report?.standing {
      case .current: standing = "current"
      case .refused: standing = "refused"
      case .waiting, nil: standing = "waiting"
      }
      return [
        "uid": .string(pod.id), "workload": .string(pod.intent.workload.description), "standing": .string(standing),
        "resource": .string(report?.key?.description ?? ""), "ready": .bool(pod.ready),
        "counters": .object(counters.of(pod.id).mapValues { .number($0) }),
      ]
    }
    let status: JSONValue = ["schema": "bulkhead.meshStatus/1", "pods": .array(pods)]
    return status.text
  }

  func identityForAttempt(_ account: String) throws -> WorkloadCertificate {
    try authority.issue(
      for: SpiffeID(trustDomain: settings.trustDomain, namespace: "bulkhead", account: account), now: Date())
  }

  var trustedRoot: String { authority.rootPEM }
  var eventLoops: any EventLoopGroup { group }
}
