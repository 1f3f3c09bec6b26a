import FleetModel
import Intake

/// Tries whether NetworkPolicy is enforced, with two pods that live for a minute or so.
///
/// One pod listens on two ports of which a policy allows the first. The other one must reach the first, which shows
/// that a connection can be made and seen, and then tries the second. Everything is removed again, whatever happens.
package struct NetworkPolicyTrial: Sendable {
  /// Has `/agnhost` in it.
  package static let defaultImage = "registry.k8s.io/e2e-test-images/agnhost:2.53"

  private let namespace: String
  private let image: String
  /// Tells this trial from others.
  private let nonce: String
  /// How often is looked whether a pod has come so far, and for how long between.
  private let looks: Int
  private let interval: Duration
  private let pause: @Sendable (Duration) async throws -> Void

  package init(
    namespace: String, image: String = Self.defaultImage, nonce: String, looks: Int = 60,
    interval: Duration = .seconds(1),
    pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    (self.namespace, self.image, self.nonce) = (namespace, image, nonce)
    (self.looks, self.interval, self.pause) = (looks, interval, pause)
  }

  private enum Outcome { case enforced, notEnforced, inconclusive(String) }

  private static let label = "bulkhead.dev/network-policy-trial"
  private static let policies = APIResource(
    group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", plural: "networkpolicies", isNamespaced: true)

  private var server: ObjectName { ObjectName(.pods, namespace: namespace, name: "bulkhead-try-\(nonce)-server") }
  private var policy: ObjectName { ObjectName(Self.policies, namespace: namespace, name: "bulkhead-try-\(nonce)") }
  private func client(_ number: Int) -> ObjectName {
    ObjectName(.pods, namespace: namespace, name: "bulkhead-try-\(nonce)-client-\(number)")
  }

  /// - Throws: `CancellationError`, after everything has been removed.
  func run(_ api: KubernetesClient) async throws -> PreflightCheck {
    let result: Result<Outcome, any Error>
    do {
      result = .success(try await attempt(api))
    } catch {
      result = .failure(error)
    }
    // Also when this task has been cancelled: a new one has not.
    let left = await Task { await clean(api) }.value
    try Task.checkCancellation()
    var check = self.check(result)
    if !left.isEmpty {
      check.result = check.result == .pass ? .warning : check.result
      check.detail += "; left behind: \(left.joined(separator: ", "))"
      check.cure = "kubectl -n \(namespace) delete pod,networkpolicy -l \(Self.label)=\(nonce)"
    }
    return check
  }

  private func check(_ result: Result<Outcome, any Error>) -> PreflightCheck {
    func made(_ result: PreflightCheck.Result, _ detail: String, _ cure: String = "") -> PreflightCheck {
      PreflightCheck("P42", .network, ClusterPreflight.enforcementTitle, result, detail, cure: cure)
    }
    switch result {
    case .success(.enforced): return made(.pass, "tried in \(namespace): the port that no policy allows was refused")
    case .success(.notEnforced):
      return made(
        .fail, "tried in \(namespace): a port that no policy allows could be reached",
        "use a CNI that enforces NetworkPolicy, such as Cilium or Calico, or switch its policy engine on")
    case .success(.inconclusive(let why)):
      return made(.unknown, "the trial did not come to an end: \(why)", "try another namespace, or --try-image")
    case .failure(let error as APIFailure):
      return made(.unknown, "the trial was refused: \(error.message)", "try it where you may create pods and policies")
    case .failure(let stuck as Stuck):
      return made(.unknown, "a pod cannot run (\(stuck.why))", "name an image that the nodes can have with --try-image")
    case .failure(let error): return made(.unknown, "the trial failed: \(error)", "try again")
    }
  }

  // MARK: - The trial

  private func attempt(_ api: KubernetesClient) async throws -> Outcome {
    await sweep(api)
    let others = try await others(api)
    // The policy is there before there is anything to protect.
    _ = try await api.create(policyObject, as: policy, request: nonce)
    _ = try await api.create(serverPod, as: server, request: nonce)
    guard let address = try await waited(api, server, Self.readyAddress) else {
      return .inconclusive("the listening pod did not become ready")
    }
    // A policy takes effect a moment after a pod has its address: only what stays open counts as open.
    for number in 1...3 {
      _ = try await api.create(clientPod(address, number), as: client(number), request: nonce)
      guard let reached = try await waited(api, client(number), Self.verdict) else {
        return .inconclusive("the asking pod did not end")
      }
      switch reached {
      case .refused: return try await hasListened(api) ? .enforced : .inconclusive("the listening pod began anew")
      case .broken(let code): return .inconclusive("the asking container ended with \(code)")
      case .noControl: return .inconclusive("even the allowed port could not be reached")
      case .reached: if number < 3 { try await pause(interval * 3) }
      }
    }
    // They add up: one of the namespace's own may be what lets the second port in.
    guard let others else { return .inconclusive("what other policies of \(namespace) allow may not be listed") }
    return others == 0 ? .notEnforced : .inconclusive("\(others) other policies of \(namespace) may allow the port")
  }

  /// How many policies the namespace has besides those of trials; nil where that may not be known.
  private func others(_ api: KubernetesClient) async throws -> Int? {
    do {
      return try await api.list(Self.policies, namespace: namespace, metadataOnly: true) { $0.value }.items.count {
        $0[path: "metadata", "labels"]?.stringMap[Self.label] == nil
      }
    } catch let failure as APIFailure where failure.kind == .forbidden {
      return nil
    }
  }

  /// Whether both ports were listened on all the time, so that a refusal was none of the listener's.
  private func hasListened(_ api: KubernetesClient) async throws -> Bool {
    let containers = try await api.get(server)["status"]?["containerStatuses"]?.elements ?? []
    return containers.count == 2
      && containers.allSatisfy { $0["restartCount"]?.integer == 0 && $0["state"]?["running"] != nil }
  }

  private enum Reached { case reached, refused, noControl, broken(Int) }

  private static func readyAddress(_ pod: DocumentValue) -> String? {
    let isReady = (pod["status"]?["conditions"]?.elements ?? []).contains {
      $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
    }
    let address = pod[path: "status", "podIP"]?.string ?? ""
    let isAddress = !address.isEmpty && address.utf8.allSatisfy { "0123456789abcdefABCDEF.:".utf8.contains($0) }
    return isReady && isAddress ? address : nil
  }

  private static func verdict(_ pod: DocumentValue) -> Reached? {
    func exit(_ list: String) -> Int? {
      pod["status"]?[list]?.elements.first?["state"]?["terminated"]?["exitCode"]?.integer
    }
    if let control = exit("initContainerStatuses"), control != 0 { return .noControl }
    // Whatever did not reach the port ends with 1; a container that was killed or never ran says nothing about it.
    return exit("containerStatuses").map { $0 == 0 ? .reached : $0 == 1 ? .refused : .broken($0) }
  }

  /// A pod that will never run, and why.
  private struct Stuck: Error {
    var why: String
  }

  /// - Throws: `Stuck` at once, where waiting is of no use.
  private func waited<Value>(
    _ api: KubernetesClient, _ name: ObjectName, _ read: (DocumentValue) -> Value?
  ) async throws -> Value? {
    for _ in 0..<looks {
      let pod = try await api.get(name)
      if let value = read(pod) { return value }
      if let why = Self.obstacle(pod) { throw Stuck(why: why) }
      try await pause(interval)
    }
    return nil
  }

  private static func obstacle(_ pod: DocumentValue) -> String? {
    let hopeless: Set<String> = [
      "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError",
    ]
    for list in ["initContainerStatuses", "containerStatuses"] {
      for container in pod["status"]?[list]?.elements ?? [] {
        let waiting = container["state"]?["waiting"]
        guard let reason = waiting?["reason"]?.string, hopeless.contains(reason) else { continue }
        let message = (waiting?["message"]?.string ?? "").prefix(300)
        return "\(reason)\(message.isEmpty ? "" : ": \(message)")"
      }
    }
    return nil
  }

  /// Removes what a trial has left that was killed. Others may be trying at this moment: only what is older than any
  /// trial lasts.
  private func sweep(_ api: KubernetesClient) async {
    let now = Moment.now + (api.clockSkew ?? 0)
    for resource in [APIResource.pods, Self.policies] {
      for object in (try? await api.list(resource, namespace: namespace))?.items ?? [] {
        guard object[path: "metadata", "labels"]?.stringMap[Self.label] != nil,
          let name = object[path: "metadata", "name"]?.string, name.hasPrefix("bulkhead-try-"),
          let made = object[path: "metadata", "creationTimestamp"]?.string.flatMap(Moment.rfc3339), now - made > 900
        else { continue }
        _ = try? await api.delete(
          ObjectName(resource, namespace: namespace, name: name), precondition: Precondition(of: object),
          graceSeconds: 0)
      }
    }
  }

  /// Removes everything; what could not be removed is returned.
  private func clean(_ api: KubernetesClient) async -> [String] {
    var left: [String] = []
    for name in [policy, server] + (1...3).map(client) {
      do {
        _ = try await api.delete(name, precondition: Precondition(), graceSeconds: 0)
      } catch let failure as APIFailure where failure.kind == .forbidden {
        // What may not be deleted may never have been made.
        if (try? await api.get(name)) != nil { left.append(name.description) }
      } catch {
        left.append(name.description)
      }
    }
    return left
  }

  // MARK: - Objects

  private func metadata(_ name: ObjectName, role: String) -> DocumentValue {
    .mapping([
      .init("name", .string(name.name)), .init("namespace", .string(namespace)),
      .init(
        "labels",
        .mapping([
          .init(Self.label, .string(nonce)), .init("role", .string(role)),
          .init("app.kubernetes.io/managed-by", .string("bulkhead")),
        ])),
      .init(
        "annotations",
        .mapping([
          .init("sidecar.istio.io/inject", .string("false")), .init("linkerd.io/inject", .string("disabled")),
          .init("consul.hashicorp.com/connect-inject", .string("false")),
        ])),
    ])
  }

  private var policyObject: DocumentValue {
    let selector = DocumentValue.mapping([
      .init("matchLabels", .mapping([.init(Self.label, .string(nonce)), .init("role", .string("server"))]))
    ])
    let port = DocumentValue.mapping([.init("protocol", .string("TCP")), .init("port", .integer(8080))])
    return .mapping([
      .init("apiVersion", .string("networking.k8s.io/v1")), .init("kind", .string("NetworkPolicy")),
      .init("metadata", metadata(policy, role: "policy")),
      .init(
        "spec",
        .mapping([
          .init("podSelector", selector), .init("policyTypes", .list([.string("Ingress")])),
          .init("ingress", .list([.mapping([.init("ports", .list([port]))])])),
        ])),
    ])
  }

  private var serverPod: DocumentValue {
    let listeners = [8080, 8081].map { container("port-\($0)", ["netexec", "--http-port=\($0)", "--udp-port=-1"]) }
    return pod(server, role: "server", initial: [], containers: listeners)
  }

  private func clientPod(_ address: String, _ number: Int) -> DocumentValue {
    let host = address.contains(":") ? "[\(address)]" : address
    return pod(
      client(number), role: "client", initial: [container("allowed", ["connect", "\(host):8080", "--timeout=10s"])],
      containers: [container("forbidden", ["connect", "\(host):8081", "--timeout=5s"])])
  }

  private func container(_ name: String, _ arguments: [String]) -> DocumentValue {
    let amounts = DocumentValue.mapping([.init("cpu", .string("10m")), .init("memory", .string("32Mi"))])
    return .mapping([
      .init("name", .string(name)), .init("image", .string(image)), .init("command", .list([.string("/agnhost")])),
      .init("args", .list(arguments.map { .string($0) })),
      .init("resources", .mapping([.init("requests", amounts), .init("limits", amounts)])),
      .init(
        "securityContext",
        .mapping([
          .init("allowPrivilegeEscalation", .bool(false)), .init("readOnlyRootFilesystem", .bool(true)),
          .init("capabilities", .mapping([.init("drop", .list([.string("ALL")]))])),
        ])),
    ])
  }

  private func pod(
    _ name: ObjectName, role: String, initial: [DocumentValue], containers: [DocumentValue]
  ) -> DocumentValue {
    let profile = DocumentValue.mapping([.init("type", .string("RuntimeDefault"))])
    let context = DocumentValue.mapping([
      .init("runAsNonRoot", .bool(true)), .init("runAsUser", .integer(65_532)), .init("seccompProfile", profile),
    ])
    return .mapping([
      .init("apiVersion", .string("v1")), .init("kind", .string("Pod")), .init("metadata", metadata(name, role: role)),
      .init(
        "spec",
        .mapping([
          .init("restartPolicy", .string("Never")), .init("automountServiceAccountToken", .bool(false)),
          // Ends by itself should nobody be left to remove it.
          .init("activeDeadlineSeconds", .integer(180)), .init("terminationGracePeriodSeconds", .integer(0)),
          .init("securityContext", context), .init("initContainers", .list(initial)),
          .init("containers", .list(containers)),
        ])),
    ])
  }
}
