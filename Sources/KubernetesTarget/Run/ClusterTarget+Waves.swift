import Diagnostics
package import FleetModel
package import IntentModel
import KubernetesAPI
package import Planning
import Rollout

/// Waves: a canary, then the workload as a whole, then what only the canary needed away.
extension ClusterTarget: RolloutTarget {
  package func prepare(_ postures: [ObjectReference: Posture]) async throws {
    try await refuseGoneNamespaces()
    let workloads = Set(settings.plan.waves.flatMap(\.workloads)).sorted()
    for id in workloads { try await refuseHalfWay(id) }
    if hasDiscovery { try await installDiscovery() }
    try await endFaults()
    for id in workloads { try await beginPuttingBack(id, to: postures[id] ?? .untouched) }
    for id in workloads { try await endPuttingBack(id, to: postures[id] ?? .untouched) }
    revisions = [:]
    try await usersAreSeen()
  }

  /// A plan that is carried out needs them all.
  private func refuseGoneNamespaces() async throws {
    for place in namespaces where try await client.isGone(namespace: place) {
      throw BulkheadError(
        .configuration, "the plan's namespace \(place.safeForTerminal) is gone, or is being deleted",
        cure: "take the run back (bulkhead rollout undo), then plan anew without it")
    }
  }

  package func shift(_ wave: Wave, to percent: Int) async throws {
    mayEnd = true
    defer { mayEnd = false }
    try await refuseForeignObjects(wave)
    try await requireIdentities(wave)
    try await refuseWaypoints(wave)
    for id in wave.workloads {
      revisions[id] = revision(wave, id)
      try await placeObjects(id, wave, percent)
    }
    if percent < 100 {
      for id in wave.workloads { try await placeCanary(id, wave, percent) }
      for id in wave.workloads { try await waitForCanary(id, percent) }
    } else {
      for id in wave.workloads { try await removeSplit(id) }
      for id in wave.workloads {
        try await change(id, wave)
        try await hold(id, canaries: nil)
      }
      for id in wave.workloads { try await waitForWorkload(id) }
    }
    for id in wave.workloads { try await requireProxies(id, wave) }
    if percent < 100 { for id in wave.workloads { try await placeSplit(id, wave, percent) } }
    try await settled()
  }

  package func commit(_ wave: Wave) async throws {
    for id in wave.workloads { try await removeCanary(id) }
    for id in wave.workloads { try await waitForCanaryToGo(id) }
    for id in wave.workloads { try await removeGroups(of: id) }
    for id in wave.workloads { try await removeObjects(id, except: wave.posture(of: id) ?? .untouched) }
    try await settled()
    revisions = [:]
    try await keepHandover(after: wave)
  }

  package func undo(_ wave: Wave) async -> [String] {
    var left = await putBack(wave)
    // Nobody comes after an undo: what may pass is waited for.
    for attempt in 1..<settings.undoAttempts {
      guard !Task.isCancelled, left.contains(where: \.mayPass) else { break }
      if attempt == 1 {
        settings.say("not everything is back yet, and is tried again: \(left.map(\.text).joined(separator: "; "))")
      }
      try? await Task.sleep(for: settings.pace * (1 << attempt))
      left = await putBack(wave)
    }
    revisions = [:]
    return left.map(\.text)
  }

  /// What could not be put back, and whether it may be possible in a moment.
  private struct Leftover {
    var text: String
    var mayPass: Bool

    init(_ what: String, _ error: any Error) {
      let line = "\(error)".split(whereSeparator: \.isNewline).joined(separator: ";")
      text = "\(what): \(line)".safeForTerminal
      let lasting: [APIFailure.Kind] = [.unauthenticated, .forbidden, .fieldConflict, .redirected]
      mayPass = (error as? APIFailure).map { !lasting.contains($0.kind) } ?? false
    }
  }

  private func putBack(_ wave: Wave) async -> [Leftover] {
    var left: [Leftover] = []
    // Faults first: nothing is put back while something is being broken.
    do {
      try await lookForGoneNamespaces()
      try await endFaults()
      if hasDiscovery, !discoveryIsAnothers { try await writeDocument() }
    } catch {
      left.append(Leftover("faults", error))
    }
    var begun: [(id: ObjectReference, posture: Posture)] = []
    for id in wave.workloads.reversed() where !goneNamespaces.contains(id.namespace) {
      let posture = wave.steps.first { $0.workload == id }?.before ?? .untouched
      do {
        try await beginPuttingBack(id, to: posture, before: wave.index)
        begun.append((id, posture))
      } catch {
        left += await leftover(id, error)
      }
    }
    for (id, posture) in begun {
      do { try await endPuttingBack(id, to: posture) } catch { left += await leftover(id, error) }
    }
    return left
  }

  /// Nothing is left of what went with its namespace meanwhile.
  private func leftover(_ id: ObjectReference, _ error: any Error) async -> [Leftover] {
    (try? await isGone(id.namespace)) == true ? [] : [Leftover("\(id)", error)]
  }

  /// The cluster stays as it is; what only served the run goes.
  package func close() async { try? await removeProbes() }

  // MARK: - One workload

  /// A workload whose objects another program writes again and again is not patched: the patch is written down.
  private func refuseForeignObjects(_ wave: Wave) async throws {
    var refused: [String] = []
    for id in wave.workloads {
      guard let keeper = Ownership.keeper(of: try await live(id)) else { continue }
      let template = try await template(id, wave)
      let patch = PodTemplate.apply(id, annotations: [:], template: template.template)
      try await settings.writePatch("\(id.namespace)-\(id.name).yaml", PatchText.yaml(patch, keeper: keeper))
      refused.append("\(id.namespace)/\(id.name) is kept by \(keeper)")
    }
    guard refused.isEmpty else {
      throw BulkheadError(
        .configuration, "objects that other programs keep are not patched: \(refused.joined(separator: "; "))",
        cure: "put the patches of the run's folder patches/ into the sources of those programs, then plan anew")
    }
  }

  func template(_ id: ObjectReference, _ wave: Wave) async throws -> PodTemplate {
    guard let workload = fleet.workload(id), let posture = wave.posture(of: id) else {
      throw BulkheadError(.badInput, "the plan's \(id) is not in the cluster", cure: "plan anew: bulkhead plan --kube")
    }
    var hardening = posture.hardened ? try HardeningFields.of(workload) : .mapping([])
    // A pod without its account's token is none that Linkerd would take in.
    if enrolment.mesh == .linkerd { hardening = hardening.without(["automountServiceAccountToken"]) }
    return PodTemplate(
      workload: id, posture: posture, revision: revision(wave, id), hardening: hardening,
      additions: posture.enrolled
        ? try enrolment.additions(workload, posture, revision: revision(wave, id)) : .mapping([]))
  }

  func checkSelectors(
    _ id: ObjectReference, _ live: DocumentValue, _ template: PodTemplate, isBeside: Bool
  ) async throws {
    let pod = live[path: "spec", "template", "metadata", "labels"]?.stringMap ?? [:]
    var added = template.template[path: "metadata", "labels"]?.stringMap ?? [:]
    if isBeside { added[ClusterNames.cohort] = "canary" }
    let own = "bulkhead-\(id.kind.lowercased())-\(id.name)"
    let objects = try await selecting(id.namespace).filter { object in
      let isOurPolicy = object["kind"]?.string == "NetworkPolicy" && object[path: "metadata", "name"]?.string == own
      // Services that tell the canary's pods from the others are there for just that.
      return !isOurPolicy && !(object["kind"]?.string == "Service" && isOurs(object))
    }
    let found = SelectorCheck.differences(workload: id, pod: pod, added: added, objects: objects)
    for difference in found where !difference.isFatal {
      // Once, though it is looked at anew at each share.
      let text = "\(id): \(difference.object) \(difference.message)"
      if said.insert(text).inserted { settings.say(text) }
    }
    if let first = found.first(where: \.isFatal) {
      throw BulkheadError(
        .configuration, "\(first.object) \(first.message): \(id) would not be what it was",
        cure: "select the pods of \(id.name) by labels that Bulkhead does not add")
    }
  }

  /// All of a namespace that selects pods.
  private func selecting(_ namespace: String) async throws -> [DocumentValue] {
    let policy = APIResource(
      group: "policy", version: "v1beta1", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets",
      isNamespaced: true)
    var newer = policy
    newer.version = "v1"
    let scaler = APIResource(
      group: "autoscaling", version: "v1", kind: "HorizontalPodAutoscaler", plural: "horizontalpodautoscalers",
      isNamespaced: true)
    var objects: [DocumentValue] = []
    let others: [APIResource] = [.services, .networkPolicies, newer, policy, scaler]
    for resource in WorkloadKinds.all.map(\.resource) + others {
      do {
        let items = try await client.list(resource, namespace: namespace).items
        objects += items.map { $0.setting(["kind"], to: .string(resource.kind)) }
      } catch let failure as APIFailure where failure.kind == .notFound {
        // One of the two versions of a budget is enough.
        continue
      }
    }
    return objects
  }

  /// The workload itself takes the wave's posture; its pods are exchanged as its own strategy says.
  func change(_ id: ObjectReference, _ wave: Wave) async throws {
    let live = try await live(id)
    let step = wave.steps.last { $0.workload == id }?.id ?? "wave-\(wave.index + 1)"
    let body = PodTemplate.apply(
      id, annotations: try annotations(step: step), template: try await template(id, wave).template)
    _ = try await client.apply(
      body, to: try kindAndName(id).name, precondition: Precondition(uid: live[path: "metadata", "uid"]?.string))
  }

  /// Gives a workload the template that it had in a posture.
  private func beginPuttingBack(_ id: ObjectReference, to posture: Posture, before index: Int? = nil) async throws {
    try await removeSplit(id)
    // Of a workload that somebody deleted, what Bulkhead added to it went with it.
    let (_, name) = try kindAndName(id)
    guard let live = try await find(name) else { return }
    let present =
      live[path: "spec", "template", "metadata", "annotations"]?[ClusterNames.posture]?.string
      .flatMap(PostureText.read) ?? .untouched
    let isOurs = live[path: "spec", "template", "metadata", "labels"]?[ClusterNames.revision] != nil
    let isHeld = try HeldStrategy(of: live) != nil
    let changes = posture == .untouched ? isOurs : present != posture
    // Nothing but the template keeps its pods as they are: they all go back with it.
    if changes, !isHeld { try await open(id) }
    // What the pods of that posture need is there before they are.
    try await place(id, posture, step: "undo")
    if posture == .untouched {
      if isOurs {
        let nothing = PodTemplate.apply(id, annotations: [:], template: nil)
        _ = try await client.apply(
          nothing, to: name, precondition: Precondition(uid: live[path: "metadata", "uid"]?.string))
      }
    } else if present != posture {
      guard let wave = earlierWave(id, before: index ?? settings.plan.waves.count),
        let earlier = settings.plan.waves.prefix(wave.index + 1).last(where: { $0.posture(of: id) == posture })
      else {
        throw BulkheadError(
          .badInput, "\(id) is not in the posture that the run left it in", cure: "see who changed it; start a new run")
      }
      try await change(id, earlier)
    }
    // The others have kept the template that the canary's pods go back to.
    if isHeld { try await open(id) }
  }

  /// Once its own pods serve again, what else the wave made of it goes: the canary, a policy that is not due.
  private func endPuttingBack(_ id: ObjectReference, to posture: Posture) async throws {
    // The stable pods serve again before the canary's go.
    let (kind, name) = try kindAndName(id)
    if try await find(name) != nil { try await waitForRollout(name, kind) }
    try await removeCanary(id)
    try await waitForCanaryToGo(id)
    try await removeGroups(of: id)
    try await removeObjects(id, except: posture)
    guard posture.enrolled, !hasDiscovery else { return }
    // The old pods are new ones as well, and the injector may be gone by now.
    let labels = try await find(name)?[path: "spec", "template", "metadata", "labels"]
    if let revision = labels?[ClusterNames.revision]?.string { try await requireProxies(id, revision: revision) }
  }

  /// Removes an object that is ours.
  func remove(_ name: ObjectName) async throws {
    guard let live = try await find(name) else { return }
    guard live[path: "metadata", "labels"]?[ClusterNames.managedBy]?.string == ClusterNames.program else {
      throw BulkheadError(
        .configuration, "\(name) is in the way and was not made by Bulkhead", cure: "rename it, or remove it yourself")
    }
    _ = try lease.requireEpoch()
    _ = try await client.delete(name, precondition: Precondition(uid: live[path: "metadata", "uid"]?.string))
  }
}
