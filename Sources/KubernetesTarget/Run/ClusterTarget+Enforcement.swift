import Diagnostics
import FleetModel
import IntentModel
import KubernetesAPI
import Planning
import Rollout
import StandinProtocol

/// A pod that lets everybody in, for attempts that must not get to it.
struct ProbeDoor: Sendable {
  static let port = 15_920
  var pod: ObjectName
  var address: String
  var secret: String
}

/// Whether the network keeps to NetworkPolicies: tried, as what takes them does not say.
extension ClusterTarget {
  static let enforcementPolicy = "bulkhead-enforcement"
  private static let denied = "denied"

  package enum Enforcement: Sendable, Equatable {
    case enforced, notEnforced
    case unknown(String)
  }

  /// Nil where no wave of the plan isolates anything: then there is nothing that would need to hold.
  package func enforcement() async throws -> Enforcement? {
    let isolating = settings.plan.waves.flatMap(\.steps).first { $0.after.isolated }
    guard let place = isolating?.workload.namespace else { return nil }
    guard settings.images.standin != nil else { return .unknown("no image to try it with") }
    let policy = ObjectName(.networkPolicies, namespace: place, name: Self.enforcementPolicy)
    try await removeProbes()
    do {
      _ = try await client.apply(try enforcementObject(policy), to: policy)
      let result = try await tried(in: place)
      try await remove(policy)
      return result
    } catch {
      // Also where the run is being ended: a new task is not cancelled.
      await Task { try? await self.remove(policy) }.value
      guard let failure = error as? APIFailure else { throw error }
      return .unknown(failure.message)
    }
  }

  private func tried(in place: String) async throws -> Enforcement {
    // A policy takes effect a moment after a pod has its address: only what stays open counts as open.
    for _ in 1...3 {
      let door = try await door()
      async let control = reaches(door, from: place, role: "probe")
      async let attempt = reaches(door, from: place, role: Self.denied)
      switch (await control, await attempt) {
      case (.escaped?, .contained?): return .enforced
      case (.escaped?, .escaped?): continue
      case (.escaped?, _): return .unknown("the pod that a policy shuts in could not be asked")
      default: return .unknown("even a pod that no policy of Bulkhead's governs reaches nobody")
      }
    }
    return .notEnforced
  }

  private func reaches(_ door: ProbeDoor, from place: String, role: String) async -> ProbeOutcome.Result? {
    let subject = ProbeSubject(template: .mapping([]))
    var pod = probePod("bulkhead-probe-\(random())", in: place, spec: subject.spec.merging(Self.unprivileged))
    pod.role = role
    pod.add(.init(name: "probe", securityContext: Self.confined, mounts: []), orders: [door.order])
    guard case .said(let texts) = await outcome(of: pod, within: .seconds(60)) else { return nil }
    return texts.first.flatMap { ProbeReading.outcome("K14", in: $0) }?.result
  }

  private func enforcementObject(_ policy: ObjectName) throws -> DocumentValue {
    .map([
      "apiVersion": .string("networking.k8s.io/v1"), "kind": .string("NetworkPolicy"),
      "metadata": .map([
        "name": .string(policy.name), "namespace": policy.namespace.map { .string($0) },
        "labels": .labels([ClusterNames.managedBy: ClusterNames.program]),
        "annotations": .labels(try annotations(step: "enforcement")),
      ]),
      "spec": .map([
        "podSelector": .map(["matchLabels": .labels([ProbePod.label: Self.denied])]),
        "policyTypes": .texts(["Egress"]),
      ]),
    ])
  }

  // MARK: - The door

  /// In Bulkhead's own namespace, where no policy of the plan lets anybody.
  func door() async throws -> ProbeDoor {
    if let door, let live = try await find(door.pod), ClusterView.isReady(live) { return door }
    if let making = doorInMaking { return try await making.value }
    let making = Task { try await makeDoor() }
    doorInMaking = making
    defer { doorInMaking = nil }
    return try await making.value
  }

  private func makeDoor() async throws -> ProbeDoor {
    let secret = random()
    var pod = probePod("bulkhead-door-\(random())", in: ClusterNames.namespace, spec: Self.unprivileged)
    (pod.role, pod.seconds, pod.mayBeReady) = ("door", 7_200, true)
    let server = Self.server("0.0.0.0", ProbeDoor.port, secret)
    pod.add("door", staying: ["node", "--configuration", server], context: Self.confined)
    _ = try await client.create(pod.object, as: pod.name, request: random())
    let address = try await waited("the pod that lets everybody in") { () -> String? in
      let live = try await client.get(pod.name)
      let address = live[path: "status", "podIP"]?.string ?? ""
      return ClusterView.isReady(live) && CaptureText.isAddress(address) ? address : nil
    }
    let made = ProbeDoor(pod: pod.name, address: address, secret: secret)
    door = made
    return made
  }

  /// As Pod Security's strictest level wants pods.
  static let unprivileged = DocumentValue.map([
    "automountServiceAccountToken": .bool(false),
    "securityContext": .map([
      "runAsUser": .integer(65_532), "runAsGroup": .integer(65_532), "runAsNonRoot": .bool(true),
      "seccompProfile": .map(["type": .string("RuntimeDefault")]),
    ]),
  ])
  static let confined = DocumentValue.map([
    "allowPrivilegeEscalation": .bool(false), "readOnlyRootFilesystem": .bool(true),
    "capabilities": .map(["drop": .texts(["ALL"])]),
  ])
}

extension ProbeDoor {
  var order: String {
    StandinText.of(
      ProbeOrder(vector: "K14", nonce: secret, facts: ["address": address, "port": "\(Self.port)", "path": "/"]))
  }
}
