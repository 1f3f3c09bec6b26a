import Breach
import Diagnostics
package import FleetModel
package import IntentModel
import Linux
import NIOPosix
import Planning
import Rollout
import StandinProtocol
package import Trials

/// The twin of a fleet on this machine: real containers on two logical nodes, real sidecars, users who keep coming.
///
/// It is the target of a rehearsal and, because it plays the users and runs the pods, also the source of traffic
/// counts and the place where faults, known-bad attempts and break-outs are tried. All that it starts lies in one
/// world, which the kernel takes away as a whole when this process ends, however it ends.
package actor LocalTwin {
  let settings: TwinSettings
  let sidecars: any SidecarControl
  let board: TrafficBoard
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  var site: Site?
  var pods: [String: TwinPod] = [:]
  var links: [String: StandinLink] = [:]
  /// The share of users, in percent, that the canary of the wave under way gets.
  var share = 0
  var wave: Wave?
  var meshFaults: [DelayFault] = []
  var partitions: [Partition] = []
  var faultNotes: [Fault: FaultNote] = [:]
  var runningSpike: RunningSpike?
  /// Workloads of which callers may still shun a pod that had a limit.
  var limitedLately: Set<ObjectReference> = []
  var processes: [ProcessKey: PodProcess] = [:]
  /// What ended of pods that are there and was not started again yet.
  var ended: [String: [PodProcess]] = [:]
  /// How processes ended, as the nodes told it.
  var endings: [ProcessKey: String] = [:]
  private var podCounter = 0
  private var lastReconcile: Task<Void, any Error>?
  private var exitWatch: Task<Void, Never>?

  package init(_ settings: TwinSettings, sidecars: any SidecarControl) {
    self.settings = settings
    self.sidecars = sidecars
    board = TrafficBoard(
      others: Dictionary(settings.fleet.calls.compactMap { call in call.target.map { ($0, call.others) } }) {
        Array(Set($0 + $1)).sorted()
      })
  }

  /// A folder that only the sidecar's own container has.
  package static let sidecarAdminFolder = SidecarContainer.adminDirectory

  var fleet: Fleet { settings.fleet }

  /// The running site; nothing works without one.
  func running() throws -> Site {
    guard let site else { throw BulkheadError(.unexpected, "the twin is not built") }
    return site
  }

  func nextPodID() -> String {
    podCounter += 1
    return "p\(podCounter)"
  }

  /// Pods of a workload that play it, in a fixed order.
  func players(of workload: ObjectReference, _ cohort: Cohort? = nil) -> [TwinPod] {
    pods.values.filter { $0.role == .workload && $0.workload == workload && (cohort == nil || $0.cohort == cohort) }
      .sorted { $0.name < $1.name }
  }

  /// Brings routes, policies, sidecars and stand-ins in line with the pods. One at a time, in the order asked for.
  func reconcile() async throws {
    let previous = lastReconcile
    let task = Task {
      _ = try? await previous?.value
      try await self.bringInLine()
    }
    lastReconcile = task
    try await task.value
  }

  private func bringInLine() async throws {
    let site = try running()
    let view = NetworkView(pods: pods.values.sorted { $0.id < $1.id }, fleet: fleet, addresses: site.addresses)
    // Sidecars learn of new pods before callers without one are sent there, and the other way round it does no harm.
    try await sidecars.publish(meshState(view))
    try await site.apply(view, partitions: partitions)
    for pod in pods.values { links[pod.id]?.send(order(for: pod, view)) }
  }

  func meshState(_ view: NetworkView) -> MeshState {
    let aborts = settings.wrongs.compactMap { wrong -> AbortFault? in
      guard case .sidecarErrors(let workload, let percent) = wrong else { return nil }
      return AbortFault(target: workload, percent: percent, canaryOnly: true)
    }
    let holdUps = settings.wrongs.compactMap { wrong -> HoldUpFault? in
      guard case .sidecarDelay(let workload, let percent, let milliseconds) = wrong else { return nil }
      return HoldUpFault(target: workload, percent: percent, milliseconds: milliseconds)
    }
    // No shares by weight: every user's cohort is known, and plain TCP is steered by address.
    return MeshState(
      services: view.meshServices, pods: view.meshPods, delays: meshFaults, aborts: aborts, holdUps: holdUps)
  }
}

extension LocalTwin: RolloutTarget {
  package func prepare(_ postures: [ObjectReference: Posture]) async throws {
    try await begin(postures)
    try await usersAreServed(within: .seconds(15))
  }

  /// As `prepare`, for those who ask what is refused: whether users are served is not waited for.
  package func begin(_ postures: [ObjectReference: Posture]) async throws {
    await close()
    let site = try await Site.build(settings)
    self.site = site
    exitWatch = Task { [weak self] in
      // Side by side: while one process of a pod is started again, the pod must not be called ready because nobody has
      // heard yet that another of its processes ended, too.
      await withDiscardingTaskGroup { group in
        for await exit in site.world.exits { group.addTask { await self?.processEnded(exit) } }
      }
    }
    var starting: [TwinPod] = []
    for workload in fleet.workloads {
      for index in 0..<podCount(workload) {
        starting.append(try pod(of: workload, index: index, posture: postures[workload.id] ?? .untouched, .stable))
      }
    }
    starting += try intruders()
    if settings.derivation.players.isEmpty { starting += [try outsideUsers()] }
    try await start(starting, silent: true)
  }

  package func close() async {
    exitWatch?.cancel()
    exitWatch = nil
    // The world first: a sidecar that lives asks again and again for what is being taken from it.
    if let site { await site.end() }
    site = nil
    for link in links.values { link.close() }
    for pod in pods.values { await sidecars.detach(podID: pod.id) }
    links = [:]
    pods = [:]
    processes = [:]
    ended = [:]
    endings = [:]
    wave = nil
    share = 0
    meshFaults = []
    partitions = []
    for note in faultNotes.values { note.limit?.timer?.cancel() }
    faultNotes = [:]
    runningSpike = nil
    limitedLately = []
  }

  /// Every workload runs at least two pods: a canary needs something beside it, and a fault something left over.
  func podCount(_ workload: Workload) -> Int { max(2, workload.replicas) }

  /// Enough to know that users are served; whether all are is for the gates to tell.
  private static let firstServed = 4

  /// Steady traffic is the ground that everything else stands on.
  private func usersAreServed(within limit: Duration) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      let users = board.snapshot.allUsers
      if users.n - users.errors >= Self.firstServed { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    let users = board.snapshot.allUsers
    throw BulkheadError(
      .unexpected, "users are not served on the twin (\(users.errors) of \(users.n) requests failed)",
      cure: "look at the calls in 'bulkhead survey'; a call the manifests do not declare may be missing")
  }
}

extension LocalTwin: TrafficSource {
  package func snapshot() async throws -> TrafficSnapshot {
    if let silence = board.silence, silence > .seconds(5) {
      throw BulkheadError(.unexpected, "no stand-in has reported for \(silence)")
    }
    var snapshot = board.snapshot
    snapshot.machine = ProcessorTimes.now().map {
      MachineTime(total: $0.clock * Double($0.processors), idle: $0.idle, used: $0.used, stolen: $0.stolen)
    }
    return snapshot
  }

  package func limitPeriods() async throws -> [ObjectReference: [String: LimitPeriods]] {
    guard let world = site?.world else { return [:] }
    var periods: [ObjectReference: [String: LimitPeriods]] = [:]
    for pod in pods.values where pod.role == .workload {
      guard let counts = world.throttling(of: pod.appContainer) else { continue }
      periods[pod.workload, default: [:]][pod.appContainer] = LimitPeriods(
        all: counts.allPeriods, held: counts.periods)
    }
    return periods
  }
}
