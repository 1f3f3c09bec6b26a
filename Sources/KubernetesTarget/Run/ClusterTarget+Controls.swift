import Diagnostics
package import FleetModel
package import IntentModel
import KubernetesAPI
import Rollout
import StandinProtocol
package import Trials

/// Known-bad attempts. Some are made by the discovery server: it has no sidecar, it can sign what it needs, and its pod
/// is where nobody is let in from. Those that must be made from where the application is are made by short-lived pods
/// like the workload's own. The open door that every attempt must get through as well is in Bulkhead's own namespace.
extension ClusterTarget: ControlRange {
  /// - Parameters:
  ///   - tries: whether there is an image for pods that try.
  ///   - isEnforced: whether the network keeps to NetworkPolicies.
  package static func controls(on mesh: Mesh = .envoy, tries: Bool = false, isEnforced: Bool = false) -> [Control] {
    var controls: [Control] = mesh == .envoy ? [.plaintextRefused, .wrongIdentityRefused, .unlistedCallerRefused] : []
    if tries, isEnforced { controls.append(.egressRefused) }
    if tries, mesh == .envoy { controls.append(.adminUnreachable) }
    return controls
  }

  /// Why a control is left out.
  package static func lacks(
    _ kind: Control.Kind, on mesh: Mesh, tries: Bool, _ enforcement: Enforcement?
  ) -> String {
    switch kind {
    case .egressRefused where !tries, .adminUnreachable where !tries: return "it takes --standin-image to try it"
    case .egressRefused:
      switch enforcement {
      case .notEnforced: return "this network enforces no NetworkPolicy (tried)"
      case .unknown(let why): return "whether this network enforces NetworkPolicy cannot be told: \(why)"
      case .enforced, nil: return "no wave of the plan isolates anything"
      }
    case .adminUnreachable: return "it takes a sidecar that \(mesh.title) alone can make"
    default: return "nothing here can try it on \(mesh.title)"
    }
  }

  package func openTwins(of targets: [ObjectReference]) async throws {
    guard !targets.isEmpty, settings.images.standin != nil else { return }
    // It is there before the fault is.
    _ = try? await door()
  }

  package func attempt(
    _ kind: Control.Kind, against target: ObjectReference, open: Bool
  ) async throws -> AttemptResult {
    switch kind {
    case .plaintextRefused: try await attempt("plaintext", target, open: open)
    case .wrongIdentityRefused: try await attempt("foreign", target, open: open)
    case .unlistedCallerRefused: try await attempt("unlisted", target, open: open)
    case .egressRefused: try await attemptEgress(target, open: open)
    case .adminUnreachable: try await attemptAdmin(target, open: open)
    }
  }

  // MARK: - From outside

  private func attempt(_ word: String, _ target: ObjectReference, open: Bool) async throws -> AttemptResult {
    guard hasDiscovery else { return .unknown("nothing here can try it on \(enrolment.mesh.title)") }
    var place = ("open", 1)
    if !open {
      let pods = try await view().seen(document()).filter { $0.workload == target && $0.isReady && $0.posture.enrolled }
      let victim = pods.first { $0.revision != nil && $0.revision == revisions[target] } ?? pods.first
      let port = document().workloads.first { $0.workload == target }?.inbound
        .first { $0.wireProtocol == .http }?.port
      guard let victim, let port else { return .unknown("no ready pod that speaks HTTP to attack") }
      place = (victim.address, port)
    }
    let answer = try await ask("attempt/\(word)/\(place.0)/\(place.1)")
    let seen = String((answer["seen"]?.string ?? "").prefix(200))
    switch answer["result"]?.string {
    case "reached": return .reached(seen)
    case "refused": return .refused(seen)
    default: return .unknown(seen)
    }
  }

  // MARK: - From where the application is

  /// From a pod with the workload's labels, so that its policies hold for it; open: from one that none selects.
  private func attemptEgress(_ target: ObjectReference, open: Bool) async throws -> AttemptResult {
    let order = try await door().order
    guard !open else {
      var pod = probePod("bulkhead-probe-\(random())", in: ClusterNames.namespace, spec: Self.unprivileged)
      pod.add(.init(name: "probe", securityContext: Self.confined, mounts: []), orders: [order])
      return Self.result(await outcome(of: pod, within: .seconds(30)))
    }
    let template = try await live(target)[path: "spec", "template"] ?? .mapping([])
    var pod = try await likeTheWorkload(target, template)
    guard let place = ProbeSubject(template: template).places.first else { return .unknown("it has no container") }
    pod.add(place, orders: [order])
    return Self.result(await outcome(of: pod, within: .seconds(30)))
  }

  /// From beside a sidecar of the workload's, in a pod of its own; open: from beside something that answers there.
  private func attemptAdmin(_ target: ObjectReference, open: Bool) async throws -> AttemptResult {
    func order(_ ready: Int) -> String {
      StandinText.of(
        ProbeOrder(
          vector: "K14", nonce: random(),
          facts: [
            "address": "127.0.0.1", "port": "\(SidecarPorts.admin)", "path": "/server_info", "anyAnswer": "true",
            "readyPort": "\(ready)",
          ]))
    }
    guard !open else {
      var pod = probePod("bulkhead-probe-\(random())", in: ClusterNames.namespace, spec: Self.unprivileged)
      let server = Self.server("127.0.0.1", SidecarPorts.admin, "open")
      pod.add("admin", staying: ["node", "--configuration", server], context: Self.confined)
      pod.add(.init(name: "probe", securityContext: Self.confined, mounts: []), orders: [order(SidecarPorts.admin)])
      return Self.result(await outcome(of: pod, within: .seconds(40)))
    }
    let template = try await live(target)[path: "spec", "template"] ?? .mapping([])
    guard let place = ProbeSubject(template: template).places.first else { return .unknown("it has no container") }
    var pod = try await likeTheWorkload(target, template)
    pod.add(place, orders: [order(15_021)])
    guard let sidecar = SidecarOfTemplate(template) else { return .unknown("its pods have no sidecar") }
    pod.spec = pod.spec.merging(sidecar.spec)
    pod.containers.append(sidecar.proxy)
    return Self.result(await outcome(of: pod, within: .seconds(40)))
  }

  private func likeTheWorkload(_ target: ObjectReference, _ template: DocumentValue) async throws -> ProbePod {
    let subject = ProbeSubject(template: template)
    let node = try await node(of: target)
    var pod = probePod(
      "bulkhead-probe-\(random())", in: target.namespace,
      spec: subject.spec.merging(.map(["nodeName": node.map { .string($0) }])))
    (pod.labels, pod.annotations) = (subject.labels, subject.annotations)
    pod.owner = try await probeOwner(in: target.namespace)
    return pod
  }

  static func result(_ ending: ProbePod.Ending) -> AttemptResult {
    guard case .said(let texts) = ending else {
      if case .impossible(let why) = ending { return .unknown(why) }
      return .unknown("the pod said nothing")
    }
    guard let outcome = texts.first.flatMap({ ProbeReading.outcome("K14", in: $0) }) else {
      return .unknown("the pod said nothing")
    }
    let seen = [outcome.step, outcome.errno].compactMap(\.self).joined(separator: " ").prefix(200)
    switch outcome.result {
    case .escaped: return .reached(String(seen).safeForTerminal)
    case .contained: return .refused(String(seen).safeForTerminal)
    case .inconclusive: return .unknown(String(seen).safeForTerminal)
    }
  }
}

/// The sidecar of an enrolled template, to be put beside something else.
struct SidecarOfTemplate {
  var proxy: DocumentValue
  /// What it needs in the pod. Without the capture: what is tried is the loopback address, which is never captured.
  var spec: DocumentValue

  init?(_ template: DocumentValue) {
    let pod = template["spec"] ?? .mapping([])
    func own(_ list: String) -> [DocumentValue] {
      (pod[list]?.elements ?? []).filter { $0["name"]?.string?.hasPrefix(ClusterNames.prefix) == true }
    }
    guard let proxy = own("containers").first(where: { $0["name"]?.string == ClusterNames.proxy }) else { return nil }
    self.proxy = proxy
    spec = .map([
      "initContainers": .list(own("initContainers").filter { $0["name"]?.string != ClusterNames.capture }),
      "volumes": .list(own("volumes")),
    ])
  }
}
