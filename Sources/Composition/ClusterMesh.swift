import Diagnostics
import FleetModel
import IntentModel
import KubernetesAPI
import KubernetesTarget
import MetricSources
import Planning
import Policies
import Trials

/// The mesh of a rollout: what is asked of the cluster before anything is written, and what the target is told.
struct ClusterMesh: Sendable {
  var mesh: Mesh
  /// Of Istio's control plane.
  var revision: String?
  /// Where the control plane runs; nil for where its installer puts it.
  var namespace: String?

  /// - Throws: `BulkheadError(.configuration)` where the control plane, or a kind that it brings, is not there.
  func require(_ client: KubernetesClient) async throws {
    guard let wanted = PreflightPlan.Mesh(rawValue: mesh.rawValue), wanted != .envoy else { return }
    try await MeshPresence(wanted, namespace: namespace, kinds: MeshKinds.needed(mesh)).require(client)
  }

  /// Nil for sidecars of Bulkhead's own.
  func policies(_ plan: Plan, _ fleet: Fleet, watchers: [String]) -> PostureObjects? {
    guard mesh != .envoy else { return nil }
    let enrolled = Set(plan.postures(before: plan.waves.count).filter(\.value.enrolled).keys)
    return PostureObjects(fleet, mesh: mesh, enrolled: enrolled, watchers: watchers)
  }

  func enrolment(_ policies: PostureObjects) -> (any MeshEnrolment)? {
    switch mesh {
    case .istioSidecar: IstioSidecars(policies, revision: revision)
    case .istioAmbient: IstioAmbient(policies)
    case .linkerd: LinkerdProxies(policies)
    case .consul: ConsulProxies(policies)
    case .envoy: nil
    }
  }

  /// Where the API server asks from, which policies must let through to the proxies' own ports.
  func watchers(_ client: KubernetesClient, say: @Sendable (String) -> Void) async throws -> [String] {
    guard mesh != .envoy, mesh != .istioAmbient else { return [] }
    let endpoints = APIResource(group: "", version: "v1", kind: "Endpoints", plural: "endpoints", isNamespaced: true)
    do {
      let live = try await client.get(ObjectName(endpoints, namespace: "default", name: "kubernetes"))
      let addresses = (live["subsets"]?.elements ?? []).flatMap { $0["addresses"]?.elements ?? [] }
        .compactMap { $0["ip"]?.string }.filter { $0.utf8.count < 64 && !$0.contains("/") }
      return Set(addresses).sorted().map { "\($0)/\($0.contains(":") ? 128 : 32)" }
    } catch let failure as APIFailure where failure.kind == .forbidden || failure.kind == .notFound {
      say("where the API server is may not be read: isolated pods may not be able to tell what they count")
      return []
    }
  }

  private var dialect: ProxyCounts.Dialect {
    switch mesh {
    case .linkerd: .linkerd
    case .consul: .consul
    default: .istio
    }
  }

  /// How long the calls of a pod took, from its proxy's page.
  var readDurations: @Sendable ([UInt8]) throws -> [ObjectReference: CallDuration] {
    let dialect = dialect
    return { page in
      let read = try ProxyDurations.read(page, dialect).outbound
      return Dictionary(
        read.map { target, sum in
          (
            ObjectReference(kind: "Service", namespace: target.namespace, name: target.service),
            CallDuration(calls: sum.calls, milliseconds: sum.milliseconds)
          )
        }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// What a pod's proxy has counted, from its page.
  var readStatistics: @Sendable ([UInt8]) throws -> PodCounts {
    let dialect = dialect
    return { page in
      let read = try ProxyCounts.read(page, dialect)
      // A page has many series, and whoever writes it may make them as large as it likes.
      func whole(_ value: Double) -> Int { Int(min(max(value, 0), 1e12)) }
      func tally(_ count: ProxyCounts.Count) -> Tally { Tally(n: whole(count.requests), errors: whole(count.errors)) }
      var counts = PodCounts()
      counts.inbound = tally(read.inbound)
      for (target, count) in read.outbound {
        counts.outbound[ObjectReference(kind: "Service", namespace: target.namespace, name: target.service)] =
          tally(count)
      }
      return counts
    }
  }
}

extension ClusterMesh {
  /// Why a fault is not put in.
  func lacks(_ fault: Fault, _ fleet: Fleet, _ chaosMesh: ChaosMeshStanding) -> String {
    let chaos = chaosMesh == .refused ? "; Chaos Mesh is there, and does not take orders of this account" : ""
    switch fault {
    case .spike: return "nobody here plays users who could send more"
    case .limitCPU, .limitMemory:
      return "it takes Chaos Mesh, and a container with such a limit: others on its node would suffer without\(chaos)"
    case .partition(_, let target) where !ClusterTarget.hasSpare(target, fleet):
      return "its one pod has nobody who takes over: calls would fail; give it a second one"
    case .killPod, .partition: return "nothing shows on this cluster that packets are dropped\(chaos)"
    case .delay: break
    }
    switch mesh {
    case .istioAmbient: return "no proxy of the caller's could tell that its calls took longer"
    case .istioSidecar: return "somebody else's VirtualService leads the calls, or they are no HTTP\(chaos)"
    default: return "\(mesh.title) has no faults of its own\(chaos)"
    }
  }

  /// What a run with this mesh cannot show, in words.
  var leftOut: [String] {
    switch mesh {
    case .envoy: []
    case .istioSidecar: ["connections that a strict port turns away are counted by their callers alone"]
    case .istioAmbient:
      [
        "authorisation in shadow: a ztunnel that knows no dry runs would enforce it, so nothing is written for it",
        "counts by pod: a ztunnel counts for its node; only stand-ins tell theirs",
      ]
    case .linkerd: ["strict mutual TLS: Linkerd has no such switch; its rules name identities, or nobody"]
    case .consul:
      [
        "authorisation in shadow: Consul has no rules that count only",
        "a canary under tighter rules: Consul's hold for all pods of a service, from its promotion on",
      ]
    }
  }
}
