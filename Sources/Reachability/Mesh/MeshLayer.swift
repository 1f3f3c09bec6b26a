package import FleetModel
import IntentModel

/// Who calls, as a mesh sees it.
package enum MeshCaller: Sendable, Equatable {
  /// Index in `Fleet.workloads`.
  case workload(Int)
  case address(Address)
  /// A pod in some namespace of which nothing else is known; it counts as outside every mesh.
  case unknown(namespace: String)
}

/// What the meshes say of one call.
package struct MeshDecision: Sendable, Equatable {
  package var layers: [ReachExplanation.Layer]

  package var verdict: ReachExplanation.Verdict {
    for verdict: ReachExplanation.Verdict in [.refused, .unknown, .partly, .allowed]
    where layers.contains(where: { $0.verdict == verdict }) {
      return verdict
    }
    return .silent
  }
}

/// What no manifest tells a reader of mesh policies.
package struct MeshOptions: Sendable, Equatable {
  package var istioRootNamespace = "istio-system"
  package var trustDomain = "cluster.local"
  /// Linkerd's `proxy.defaultInboundPolicy`.
  package var linkerdDefault = "all-unauthenticated"
  /// What Consul does where no intention matches (its ACL default policy); nil when it is not known.
  package var consulDefaultAllows: Bool?

  package init() {}
}

/// The meshes' own rules as a second layer above network policies: who must use mutual TLS, and who may call whom.
package struct MeshLayer: Sendable {
  let fleet: Fleet
  let options: MeshOptions
  let memberships: [MeshMembership]
  private let objects: [String: [CustomObject]]
  private let namespaces: [String: Namespace]

  /// - Parameter options: nil means what the input says of the installation, and the meshes' defaults.
  /// - Parameter consulDefaultAllows: used where `options` is nil.
  package init(_ fleet: Fleet, options: MeshOptions? = nil, consulDefaultAllows: Bool? = nil) {
    self.fleet = fleet
    let settings = MeshSettings(fleet)
    var chosen = MeshOptions()
    chosen.istioRootNamespace = settings.istioRootNamespace
    chosen.trustDomain = settings.istioMeshConfig?["trustDomain"] ?? chosen.trustDomain
    chosen.consulDefaultAllows = consulDefaultAllows
    self.options = options ?? chosen
    let namespaces = Dictionary(fleet.namespaces.map { ($0.name, $0) }) { first, _ in first }
    self.namespaces = namespaces
    memberships = fleet.workloads.map { workload in
      let namespace = namespaces[workload.id.namespace]
      return MeshMembership(
        workload, namespaceLabels: namespace?.labels ?? [:], namespaceAnnotations: namespace?.annotations ?? [:],
        settings: settings)
    }
    objects = Dictionary(grouping: fleet.customObjects) { "\($0.apiGroup)/\($0.id.kind)" }
  }

  /// What the mesh of a workload says of a call to one of its ports.
  ///
  /// - Parameter to: index in `Fleet.workloads`.
  package func decide(from: MeshCaller, to: Int, port: Int, transport: Transport = .tcp) -> MeshDecision {
    let target = fleet.workloads[to]
    guard transport == .tcp else {
      return silent("the meshes carry TCP alone; \(transport.rawValue) passes by every proxy")
    }
    switch memberships[to].standing {
    case .member(.istioSidecar), .member(.istioAmbient):
      let call = call(from, to, port)
      let mutualTLS = IstioAuthentication(self).layer(call)
      guard mutualTLS.layer.verdict != .refused else { return MeshDecision(layers: [mutualTLS.layer]) }
      var authorised = call
      if !mutualTLS.isAuthenticated { authorised.identity = nil }
      return MeshDecision(layers: [mutualTLS.layer, IstioAuthorization(self).layer(authorised)])
    case .member(.linkerd): return MeshDecision(layers: [LinkerdAuthorization(self).layer(call(from, to, port))])
    case .member(.consul): return MeshDecision(layers: [ConsulAuthorization(self).layer(call(from, to, port))])
    case .member(.envoy): return silent("plain Envoy has no policies in the input")
    case .unasked: return silent("\(target.id) is in no mesh")
    case .optedOut(let mesh, let reason): return silent("\(target.id) is not in \(mesh.rawValue): \(reason)")
    case .impossible(let mesh, let because): return silent("\(target.id) cannot be in \(mesh.rawValue): \(because)")
    case .conflicting(let mesh, let labels):
      let reason = ReachExplanation.Reason(
        "whether \(target.id) is in \(mesh.rawValue) depends on the mesh's version: \(labels)", target.id,
        target.location)
      return MeshDecision(layers: [ReachExplanation.Layer("mesh", .unknown, [reason])])
    }
  }

  private func silent(_ text: String) -> MeshDecision {
    MeshDecision(layers: [ReachExplanation.Layer("mesh", .silent, [ReachExplanation.Reason(text)])])
  }

  func objects(_ group: String, _ kind: String) -> [CustomObject] { objects["\(group)/\(kind)"] ?? [] }
  func namespace(_ name: String) -> Namespace? { namespaces[name] }

  private func call(_ from: MeshCaller, _ to: Int, _ port: Int) -> MeshCall {
    var call = MeshCall(target: to, workload: fleet.workloads[to], port: port, name: "a caller outside the pods")
    switch from {
    case .workload(let index):
      let workload = fleet.workloads[index]
      call.name = workload.id.description
      call.caller = index
      call.addresses = workload.addresses.compactMap { Address($0) }
      call.isPod = true
      if sameMesh(memberships[index].mesh, memberships[to].mesh) {
        call.identity = MeshIdentity(namespace: workload.id.namespace, account: workload.pod.serviceAccount)
      }
    case .address(let address): call.addresses = [address]
    case .unknown(let namespace):
      call.name = "a pod of \(namespace)"
      call.isPod = true
    }
    return call
  }

  private func sameMesh(_ left: Mesh?, _ right: Mesh?) -> Bool {
    let istio: Set<Mesh> = [.istioSidecar, .istioAmbient]
    guard let left, let right else { return false }
    return left == right || istio.isSuperset(of: [left, right])
  }
}

/// An identity that a mesh gives a pod: its service account.
struct MeshIdentity: Sendable, Hashable {
  var namespace: String
  var account: String
}

struct MeshCall: Sendable {
  /// Indexes in `Fleet.workloads`; nil for a caller that is no workload of the fleet.
  var target: Int
  var caller: Int?
  var workload: Workload
  var port: Int
  var name: String
  /// Nil where the caller cannot show one to the target's mesh.
  var identity: MeshIdentity?
  /// What is known of the caller's addresses.
  var addresses: [Address] = []
  var isPod = false

  init(target: Int, workload: Workload, port: Int, name: String) {
    self.target = target
    self.workload = workload
    self.port = port
    self.name = name
  }
}

/// Whether a condition holds for a call: for no request, for every one, or for those that the texts describe.
enum MeshMatch: Sendable, Equatable {
  case no
  case some([String])
  case yes

  init(_ holds: Bool) { self = holds ? .yes : .no }

  var negated: MeshMatch {
    switch self {
    case .no: .yes
    case .yes: .no
    case .some(let texts): .some(texts.map { "not (\($0))" })
    }
  }

  func and(_ other: MeshMatch) -> MeshMatch {
    switch (self, other) {
    case (.no, _), (_, .no): .no
    case (.yes, let rest), (let rest, .yes): rest
    case (.some(let left), .some(let right)): .some(left + right)
    }
  }

  func or(_ other: MeshMatch) -> MeshMatch {
    switch (self, other) {
    case (.yes, _), (_, .yes): .yes
    case (.no, let rest), (let rest, .no): rest
    case (.some(let left), .some(let right)):
      .some([left.joined(separator: " and ") + ", or " + right.joined(separator: " and ")])
    }
  }

  static func any(_ matches: some Sequence<MeshMatch>) -> MeshMatch { matches.reduce(.no) { $0.or($1) } }
  static func all(_ matches: some Sequence<MeshMatch>) -> MeshMatch { matches.reduce(.yes) { $0.and($1) } }

  var texts: String {
    if case .some(let texts) = self { return texts.joined(separator: " and ") }
    return ""
  }
}
