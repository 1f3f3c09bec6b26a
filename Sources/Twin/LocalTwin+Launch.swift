import Diagnostics
import FleetModel
import Foundation
import IntentModel
import Linux
import StandinProtocol

/// Starting and stopping pods, many at a time, and starting again what died.
extension LocalTwin {
  /// Starts pods and returns when every one is ready, its sidecar has its configuration and traffic may come.
  /// - Parameter silent: nobody sends anything yet, so that sidecars may know all pods as ready from the beginning and
  ///   need to be told only once.
  func start(_ new: [TwinPod], silent: Bool = false) async throws {
    guard !new.isEmpty else { return }
    let site = try running()
    for pod in new {
      pods[pod.id] = pod
      if silent { pods[pod.id]?.state = .ready }
    }
    let view = NetworkView(pods: pods.values.sorted { $0.id < $1.id }, fleet: fleet, addresses: site.addresses)
    var bootstraps: [String: SidecarBootstrap] = [:]
    for pod in view.meshPods where pod.intent.posture.enrolled && new.contains(where: { $0.id == pod.id }) {
      bootstraps[pod.id] = try await sidecars.attach(
        pod, socketPath: site.sidecarSocket(pod.id), socketInContainer: Site.sidecarSocketInContainer)
    }
    // Sidecars find their configuration waiting; policies stand before the first packet.
    try await sidecars.publish(meshState(view))
    try await site.addNetworks(new)
    try await site.apply(view, partitions: partitions)
    try await startContainers(new, bootstraps)
    for id in bootstraps.keys.sorted() { try await sidecars.settled(podID: id, within: Self.sidecarStart) }
    for pod in new { pods[pod.id]?.state = .ready }
    try await reconcile()
    try await sidecars.settled(within: .seconds(15))
  }

  /// A sidecar needs a tenth of a second; the rest is for machines that have other things to do.
  private static let sidecarStart: Duration = .seconds(20)

  /// Starting a container is mostly waiting, so several start at once; fewer while users are being served, whom a burst
  /// of starting programs would slow down.
  private var startsAtOnce: Int { wave == nil ? 6 : 2 }

  private func startContainers(_ new: [TwinPod], _ bootstraps: [String: SidecarBootstrap]) async throws {
    try await withThrowingTaskGroup { group in
      var waiting = new.makeIterator()
      for _ in 0..<startsAtOnce {
        if let pod = waiting.next() { group.addTask { try await self.startContainers(of: pod, bootstraps[pod.id]) } }
      }
      while try await group.next() != nil {
        if let pod = waiting.next() { group.addTask { try await self.startContainers(of: pod, bootstraps[pod.id]) } }
      }
    }
  }

  private func startContainers(of pod: TwinPod, _ bootstrap: SidecarBootstrap?) async throws {
    let site = try running()
    if let bootstrap {
      claim(try await site.startSidecar(pod, bootstrap), of: pod, app: false)
    }
    try await startApplication(pod)
  }

  func startApplication(_ pod: TwinPod) async throws {
    let site = try running()
    let workload = pod.workload
    let board = board
    let (started, link) = try await site.startApplication(pod, on: group) { board.add($0, from: workload, pod: pod.id) }
    links[pod.id]?.close()
    links[pod.id] = link
    claim(started, of: pod, app: true)
    guard await link.becomesReady() else {
      let ending = endings[ProcessKey(pod.node, started.pid)] ?? "closed its output"
      let words = started.process.errorText.safeForTerminal
      throw BulkheadError(
        .unexpected, "\(pod.name) \(ending) before it was ready: \(words)",
        cure: "its limits or its security context may be too tight for anything to run in")
    }
    try await site.startNeighbours(of: pod, beside: started.pid)
  }

  /// Stops pods that get no traffic any more and takes everything of theirs away.
  func stop(_ old: [TwinPod]) async throws {
    guard !old.isEmpty, let site else { return }
    for pod in old {
      pods[pod.id] = nil
      links.removeValue(forKey: pod.id)?.close()
      processes = processes.filter { $0.value.pod != pod.id }
      ended[pod.id] = nil
    }
    try await site.remove(old)
    for pod in old {
      await sidecars.detach(podID: pod.id)
      site.release(pod.id, node: pod.node)
    }
    try await reconcile()
  }
}

/// Which process belongs to which pod, so that an end that a node's init reports finds its pod.
struct ProcessKey: Hashable, Sendable {
  var node: String
  var pid: Int32

  init(_ node: String, _ pid: Int32) {
    self.node = node
    self.pid = pid
  }
}

struct PodProcess: Sendable {
  var pod: String
  var isApplication: Bool
}

extension LocalTwin {
  /// A process may end before its start was noticed: its end is then waiting here already.
  private func claim(_ started: ContainerRuntime.Started, of pod: TwinPod, app: Bool) {
    processes[ProcessKey(pod.node, started.pid)] = PodProcess(pod: pod.id, isApplication: app)
  }

  func processEnded(_ exit: ProcessExit) async {
    let key = ProcessKey(exit.node, exit.pid)
    endings[key] = exit.words
    guard let process = processes.removeValue(forKey: key), var pod = pods[process.pod] else { return }
    noteEnding(of: pod, exit.words)
    ended[pod.id, default: []].append(process)
    // While a pod is being started again, what else of it ended is started by the same hand.
    guard pod.state == .ready else { return }
    pod.state = .down
    pod.restarts += 1
    pods[pod.id] = pod
    do {
      try await reconcile()
      guard pod.restarts <= Self.mostRestarts else { return }
      while let process = nextEnded(of: pod.id) { try await startAgain(process, of: pod) }
      guard pods[pod.id]?.state == .down else { return }
      pods[pod.id]?.state = .ready
      try await reconcile()
    } catch {
      // The pod stays down; the users' counts and the gates say what that means.
      pods[pod.id]?.state = .down
    }
  }

  /// The sidecar first, as when a pod is new.
  private func nextEnded(of pod: String) -> PodProcess? {
    guard let all = ended[pod], let next = all.firstIndex(where: { !$0.isApplication }) ?? all.indices.first else {
      return nil
    }
    return ended[pod]?.remove(at: next)
  }

  private func startAgain(_ process: PodProcess, of pod: TwinPod) async throws {
    guard let site else { return }
    if process.isApplication {
      try await site.clear(pod.appContainer, node: pod.node)
      try await startApplication(pod)
    } else {
      try await site.clear(pod.sidecarContainer, node: pod.node)
      claim(try await site.startSidecarAgain(pod), of: pod, app: false)
      try await sidecars.settled(podID: pod.id, within: Self.sidecarStart)
    }
  }

  /// A pod that keeps dying stays dead: users must notice it.
  private static let mostRestarts = 5
}

extension ProcessExit {
  var words: String {
    switch ending {
    case .exited(let status): "exited with status \(status)"
    case .signalled(let number): "was killed by signal \(number)"
    }
  }
}
