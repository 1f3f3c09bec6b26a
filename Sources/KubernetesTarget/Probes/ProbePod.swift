import Diagnostics
package import FleetModel
package import KubernetesAPI

/// A pod that lives for seconds and tries something, or that offers something to those that do.
///
/// It is never ready, whatever runs in it, so that no Service sends anybody to it though it may have a workload's
/// labels: NetworkPolicies are to hold for it as they do for the workload.
package struct ProbePod: Sendable {
  /// On all of them; the value says which kind.
  package static let label = "bulkhead.dev/probe"
  /// A condition that nobody ever sets.
  static let gate = "bulkhead.dev/never"
  static let neighbour = "bulkhead-neighbour"

  package var name: ObjectName
  package var role = "probe"
  package var image: String
  package var pullPolicy: String
  /// Without containers.
  package var spec: DocumentValue
  package var labels: [String: String] = [:]
  package var annotations: [String: String] = [:]
  package var containers: [DocumentValue] = []
  /// It ends by itself should nobody be left to remove it.
  package var seconds = 120
  package var mayBeReady = false
  /// Goes with it at the latest.
  package var owner: DocumentValue?

  package init(_ name: ObjectName, image: String, pullPolicy: String, spec: DocumentValue) {
    (self.name, self.image, self.pullPolicy, self.spec) = (name, image, pullPolicy, spec)
  }

  /// The containers that are waited for: what they said last is the result.
  private(set) var waitedFor: [String] = []

  /// Adds a container that ends.
  mutating func add(_ place: ProbeSubject.Place, orders: [String]) {
    let arguments = ["probe", "--message", "/dev/termination-log"] + orders.flatMap { ["--order", $0] }
    waitedFor.append(place.name)
    containers.append(container(place.name, arguments, place.securityContext, place.mounts, staysOpen: false))
  }

  /// Adds one that stays until the pod goes. What is to be there before the others comes first.
  mutating func add(
    _ name: String, staying arguments: [String], context: DocumentValue, mounts: [DocumentValue] = [],
    variable: (String, String)? = nil
  ) {
    var container = container(name, arguments, context, mounts, staysOpen: true)
    if let variable {
      let entry = DocumentValue.map(["name": .string(variable.0), "value": .string(variable.1)])
      container = container.merging(.map(["env": .list([entry])]))
    }
    containers.append(container)
  }

  private func container(
    _ name: String, _ arguments: [String], _ context: DocumentValue, _ mounts: [DocumentValue], staysOpen: Bool
  ) -> DocumentValue {
    .map([
      "name": .string(name), "image": .string(image), "imagePullPolicy": .string(pullPolicy),
      "command": .texts(["bulkhead-standin"]), "args": .texts(arguments), "stdin": staysOpen ? .bool(true) : nil,
      "securityContext": context, "volumeMounts": mounts.isEmpty ? nil : .list(mounts),
      // Quotas of the namespace may ask for all four.
      "resources": .map([
        "requests": .map(["cpu": .string("10m"), "memory": .string("16Mi")]),
        "limits": .map(["cpu": .string("500m"), "memory": .string("64Mi")]),
      ]),
    ])
  }

  package var object: DocumentValue {
    var labels = labels
    labels[ClusterNames.managedBy] = ClusterNames.program
    labels[Self.label] = role
    // No mesh is to take it in: a proxy would keep it from ending.
    labels["sidecar.istio.io/inject"] = "false"
    labels["istio.io/dataplane-mode"] = "none"
    var annotations = annotations
    annotations["sidecar.istio.io/inject"] = "false"
    annotations["linkerd.io/inject"] = "disabled"
    annotations["consul.hashicorp.com/connect-inject"] = "false"
    let gates = mayBeReady ? nil : DocumentValue.list([.map(["conditionType": .string(Self.gate)])])
    return .map([
      "apiVersion": .string("v1"), "kind": .string("Pod"),
      "metadata": .map([
        "name": .string(name.name), "namespace": name.namespace.map { .string($0) }, "labels": .labels(labels),
        "annotations": .labels(annotations), "ownerReferences": owner.map { .list([$0]) },
      ]),
      "spec": spec.merging(
        .map([
          "restartPolicy": .string("Never"), "terminationGracePeriodSeconds": .integer(0),
          "activeDeadlineSeconds": .integer(seconds), "readinessGates": gates,
        ])
      ).setting(["containers"], to: .list(containers)),
    ])
  }

  // MARK: - What came of it

  package enum Ending: Sendable, Equatable {
    /// What each container that was waited for said last.
    case said([String])
    case impossible(String)
  }

  /// Nil while it is under way.
  package func ending(_ live: DocumentValue) -> Ending? {
    let statuses = live[path: "status", "containerStatuses"]?.elements ?? []
    let ended = waitedFor.compactMap { name -> String? in
      let state = statuses.first { $0["name"]?.string == name }?["state"]?["terminated"]
      return state.map { $0["message"]?.string ?? "" }
    }
    if ended.count == waitedFor.count { return .said(ended) }
    if live[path: "status", "phase"]?.string == "Failed" {
      let why = [live[path: "status", "reason"]?.string, live[path: "status", "message"]?.string].compactMap(\.self)
      let words = why.isEmpty ? "" : ": \(why.joined(separator: ": ").prefix(300))"
      return .impossible("its pod failed\(words)".safeForTerminal)
    }
    if let trouble = PodTrouble(of: live), trouble.isHopeless {
      return .impossible("its pod cannot run\(trouble.text)")
    }
    return nil
  }
}
