import Diagnostics
import FleetModel
package import IntentModel
import NIOCore
import NIOPosix

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Configures Envoy sidecars over xDS and gives each pod its identity.
///
/// One unix socket per pod; what is served there is compiled from the state published last and from the pod's own
/// posture. Nothing is written to disk but the sockets.
package actor EnvoyDataPlane: SidecarControl {
  private struct Sidecar {
    var server: DiscoveryServer
    /// The pod as it was attached: what counts until a published state holds it.
    var pod: MeshPod
    var certificate: WorkloadCertificate
    var bootstrap: SidecarBootstrap
    var socketPath: String
    var published: ResourceSet?
    /// True once a published state called the pod ready: from then on it may have connections.
    var inUse = false
  }

  private let layout: SidecarLayout
  private let authority: CertificateAuthority
  private let foreignAuthority: CertificateAuthority
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let progress = Progress()
  private var sidecars: [String: Sidecar] = [:]
  private var state = MeshState()
  private var renewal: Task<Void, Never>?
  private var stopped = false

  package init(layout: SidecarLayout = SidecarLayout()) throws {
    self.layout = layout
    authority = try CertificateAuthority(commonName: "Bulkhead run authority", now: Date())
    foreignAuthority = try CertificateAuthority(commonName: "Foreign authority", now: Date())
  }

  /// The root that sidecars trust, in PEM.
  package nonisolated var trustedRoot: String { authority.rootPEM }

  // MARK: SidecarControl

  package func attach(_ pod: MeshPod, socketPath: String, socketInContainer: String) async throws -> SidecarBootstrap {
    guard !stopped else { throw BulkheadError(.unexpected, "the data plane has been stopped") }
    let bootstrap = Bootstrap.make(for: pod, socketInContainer: socketInContainer, layout: layout)
    if let known = sidecars[pod.id], known.socketPath == socketPath {
      sidecars[pod.id]?.bootstrap = bootstrap
      if known.pod != pod {
        sidecars[pod.id]?.pod = pod
        if known.certificate.identity != pod.intent.identity || known.pod.wrongs != pod.wrongs {
          sidecars[pod.id]?.certificate = try certificate(for: pod)
        }
        serve(pod.id, with: SidecarCompiler(state: state))
      }
      return bootstrap
    }
    await detach(podID: pod.id)
    let certificate = try certificate(for: pod)
    let session = SidecarSession(podID: pod.id, changed: progress.signal)
    let server = try await DiscoveryServer.start(session: session, path: socketPath, group: group)
    sidecars[pod.id] = Sidecar(
      server: server, pod: pod, certificate: certificate, bootstrap: bootstrap, socketPath: socketPath)
    serve(pod.id, with: SidecarCompiler(state: state))
    renewInTime()
    return bootstrap
  }

  package func detach(podID: String) async {
    guard let sidecar = sidecars.removeValue(forKey: podID) else { return }
    await sidecar.server.stop()
    progress.signal()
  }

  package func publish(_ state: MeshState) async throws {
    self.state = state
    let compiler = SidecarCompiler(state: state)
    for pod in state.pods {
      guard let known = sidecars[pod.id] else { continue }
      sidecars[pod.id]?.pod = pod
      if known.certificate.identity != pod.intent.identity || known.pod.wrongs != pod.wrongs {
        sidecars[pod.id]?.certificate = try certificate(for: pod)
      }
    }
    for podID in sidecars.keys.sorted() { serve(podID, with: compiler) }
    for pod in state.pods where pod.ready { sidecars[pod.id]?.inUse = true }
  }

  package func settled(within limit: Duration) async throws { try await settled(limit) { $0.readyPods() } }

  // MARK: beyond the port

  /// Waits for one sidecar, ready or not: a new pod's before it is called ready.
  package func settled(podID: String, within limit: Duration) async throws {
    guard sidecars[podID] != nil else {
      throw BulkheadError(.unexpected, "pod \(podID) has no sidecar to wait for", cure: "attach it first")
    }
    try await settled(limit) { _ in [podID] }
  }

  private func settled(_ limit: Duration, pods: (isolated EnvoyDataPlane) -> [String]) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while true {
      // Subscribe first: what changes between the look and the wait is then not missed.
      let changes = progress.changes()
      guard let wake = try unsettled(pods(self), now: clock.now) else { return }
      guard clock.now < deadline else { throw tooLate(limit, pods(self)) }
      try await changes.next(until: min(deadline, wake.again ?? deadline))
    }
  }

  /// Hands over a line of a sidecar's log, so that a refusal can be reported in Envoy's own words.
  package func note(podID: String, logLine: String) { sidecars[podID]?.server.session.note(logLine: logLine) }

  /// Gives every sidecar a new key and certificate; connections that exist go on.
  package func rotate() throws {
    let compiler = SidecarCompiler(state: state)
    for podID in sidecars.keys.sorted() {
      guard let pod = sidecars[podID]?.pod else { continue }
      sidecars[podID]?.certificate = try certificate(for: pod)
      serve(podID, with: compiler)
    }
  }

  /// Detaches everything and gives back the threads; the data plane cannot be used again.
  package func stop() async {
    stopped = true
    renewal?.cancel()
    for podID in sidecars.keys.sorted() { await detach(podID: podID) }
    try? await group.shutdownGracefully()
  }

  // MARK: inside

  private func certificate(for pod: MeshPod) throws -> WorkloadCertificate {
    let issuer = pod.wrongs.contains(.foreignAuthority) ? foreignAuthority : authority
    do {
      return try issuer.issue(for: pod.intent.identity, now: Date())
    } catch {
      throw BulkheadError(.unexpected, "no certificate could be issued for pod \(pod.id)", cause: error)
    }
  }

  private func serve(_ podID: String, with compiler: SidecarCompiler) {
    guard let sidecar = sidecars[podID] else { return }
    var set = compiler.compile(for: sidecar.pod)
    let secrets = Secrets.resources(certificate: sidecar.certificate, trustedRoot: authority.rootPEM)
    // A secret that nothing refers to is never asked for, so nobody would ever acknowledge it.
    let users = (set.resources[ResourceKey(.listeners)] ?? []) + (set.resources[ResourceKey(.clusters)] ?? [])
    for (key, content) in secrets where users.contains(where: { $0.mentions(key.name) }) {
      set.resources[key] = content
    }
    guard set != sidecar.published else { return }
    sidecars[podID]?.published = set
    sidecar.server.session.publish(set, inUse: sidecar.inUse)
  }

  /// Nil when all is settled; otherwise whom to wait for, and when to look again at the latest.
  private func unsettled(
    _ podIDs: [String], now: ContinuousClock.Instant
  ) throws -> (podID: String, again: ContinuousClock.Instant?)? {
    var result: (podID: String, again: ContinuousClock.Instant?)?
    for podID in podIDs {
      guard let report = sidecars[podID]?.server.session.report() else { continue }
      switch report.standing {
      case .refused(let words):
        // Its log takes another way and may come a moment later.
        let patience = (report.refusedSince ?? now) + .milliseconds(250)
        guard words.isEmpty, report.lastWords.isEmpty, now < patience else { throw refused(podID, report, words) }
        result = (podID, patience)
      case .waiting: if result == nil { result = (podID, nil) }
      case .current:
        if let until = report.guardedUntil, until > now, result == nil { result = (podID, until) }
      }
    }
    return result
  }

  private func readyPods() -> [String] {
    state.pods.filter { $0.ready && sidecars[$0.id] != nil }.map(\.id).sorted()
  }

  private func refused(_ podID: String, _ report: SidecarSession.Report, _ words: String) -> BulkheadError {
    let said = [words, report.lastWords].first { !$0.isEmpty } ?? "no reason was given; the sidecar's log has it"
    return BulkheadError(
      .unexpected,
      "the sidecar of pod \(podID) refused its \(report.key?.description ?? "configuration"): \(said.safeForTerminal)",
      cure: "it goes on with the configuration before; report this with the manifests that led to it")
  }

  private func tooLate(_ limit: Duration, _ podIDs: [String]) -> BulkheadError {
    let waiting = podIDs.compactMap { podID -> String? in
      guard let report = sidecars[podID]?.server.session.report(), report.standing != .current else { return nil }
      return "\(podID) (\(report.key?.description ?? "all"))"
    }
    return BulkheadError(
      .targetUnreachable,
      "\(waiting.count) sidecars did not take the newest configuration within \(limit): "
        + waiting.prefix(5).joined(separator: ", "),
      cure: "look at the sidecar's log: it is not running, not connected or starved of CPU")
  }

  private func renewInTime() {
    guard renewal == nil else { return }
    renewal = Task { [weak self] in
      while !Task.isCancelled {
        guard let wait = await self?.secondsToRenewal() else { return }
        do { try await Task.sleep(for: .seconds(max(1, wait))) } catch { return }
        // A failure leaves certificates that are valid for as long again; the next round tries anew.
        try? await self?.renewDue()
      }
    }
  }

  private func secondsToRenewal() -> Double {
    let earliest = sidecars.values.map(\.certificate.renewal).min() ?? Date() + CertificateAuthority.leafLifetime / 2
    return earliest.timeIntervalSinceNow
  }

  private func renewDue() throws {
    let compiler = SidecarCompiler(state: state)
    for podID in sidecars.keys.sorted() {
      guard let sidecar = sidecars[podID], sidecar.certificate.renewal <= Date() else { continue }
      sidecars[podID]?.certificate = try certificate(for: sidecar.pod)
      serve(podID, with: compiler)
    }
  }
}
