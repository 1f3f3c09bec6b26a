import FleetModel
import IntentModel

/// What the Linux vectors look up, prepared once for all pods.
struct LinuxFacts: Sendable {
  /// Folders of nodes by the claim that leads to them.
  private let nodePaths: [ObjectReference: String]
  private let answers: [NodeAnswer]
  /// The tag of the NVIDIA container toolkit that the fleet itself installs.
  let nvidiaToolkit: Version?
  /// `hostUsers: false` has an effect: containerd before 1.7 ignores it silently, and so do kubelets before 1.25.
  let honoursUserNamespaces: Bool
  var knowsNodePaths: Bool { !nodePaths.isEmpty }

  /// - Parameter given: facts from flags; they win over what Node objects say.
  init(_ fleet: Fleet, given: NodeFacts) {
    let nodes = fleet.nodes.isEmpty ? [given] : fleet.nodes.map { given.over($0.facts) }
    // Every node counts by itself: of two kernels the older one may be the one with the fix.
    answers = NodeFlaw.allCases.map { flaw in .worst(nodes.map(flaw.answer)) }
    honoursUserNamespaces = nodes.allSatisfy(\.honoursUserNamespaces)
    nodePaths = Self.nodePaths(fleet)
    nvidiaToolkit = fleet.workloads.lazy.flatMap { $0.pod.initContainers + $0.pod.containers }
      .filter { $0.image.imageName == "container-toolkit" }.compactMap { Version($0.image.imageTag) }.min()
  }

  subscript(flaw: NodeFlaw) -> NodeAnswer { answers[flaw.rawValue] }

  func nodePath(ofClaim name: String, namespace: String) -> String? {
    nodePaths[ObjectReference(kind: "PersistentVolumeClaim", namespace: namespace, name: name)]
  }

  /// The folder behind one of a StatefulSet's first claims, `TEMPLATE-NAME-ORDINAL`.
  func nodePath(ofTemplate template: String, workload: Workload) -> String? {
    (0..<min(max(workload.replicas, 1), 16)).lazy.compactMap {
      nodePath(ofClaim: "\(template)-\(workload.id.name)-\($0)", namespace: workload.id.namespace)
    }.first
  }

  /// A claim leads to a volume by name, by the volume's own reference, or, unbound, to one of its class that is free.
  private static func nodePaths(_ fleet: Fleet) -> [ObjectReference: String] {
    var result: [ObjectReference: String] = [:]
    var byName: [String: String] = [:]
    var freeByClass: [String: String] = [:]
    for volume in fleet.persistentVolumes {
      guard let path = volume.nodePath else { continue }
      byName[volume.id.name] = path
      if let claim = volume.claim {
        result[ObjectReference(kind: "PersistentVolumeClaim", namespace: claim.namespace, name: claim.name)] = path
      } else if freeByClass[volume.storageClass ?? ""] == nil {
        freeByClass[volume.storageClass ?? ""] = path
      }
    }
    guard !byName.isEmpty else { return [:] }
    for claim in fleet.claims {
      let id = ObjectReference(kind: "PersistentVolumeClaim", namespace: claim.id.namespace, name: claim.id.name)
      if let name = claim.volumeName {
        result[id] = byName[name]
      } else if result[id] == nil {
        result[id] = freeByClass[claim.storageClass ?? ""]
      }
    }
    return result
  }
}

extension NodeFacts {
  /// Own facts first, the other's where there is none.
  fileprivate func over(_ other: NodeFacts) -> NodeFacts {
    var facts = other
    facts.kernel = kernel ?? other.kernel
    facts.kubelet = kubelet ?? other.kubelet
    facts.runtimeVersion = runtime == nil ? runtimeVersion ?? other.runtimeVersion : runtimeVersion
    facts.runtime = runtime ?? other.runtime
    facts.runcVersion = runcVersion ?? other.runcVersion
    return facts
  }

  fileprivate var honoursUserNamespaces: Bool {
    func isBefore(_ version: Version?, _ minor: Int) -> Bool {
      guard let version, version.numbers.count >= 2 else { return false }
      return version.numbers[0] == 1 && version.numbers[1] < minor
    }
    return !(runtime == "containerd" && isBefore(runtimeVersion, 7)) && !isBefore(kubelet, 25)
  }
}

extension String {
  /// `registry/path/NAME:tag@digest` → NAME.
  var imageName: Substring {
    let last = lastPart
    return self[last.lowerBound..<(utf8[last].firstIndex(of: UInt8(ascii: ":")) ?? last.upperBound)]
  }

  /// The tag; empty where there is none.
  var imageTag: String {
    let last = lastPart
    guard let colon = utf8[last].firstIndex(of: UInt8(ascii: ":")) else { return "" }
    return String(self[utf8.index(after: colon)..<last.upperBound])
  }

  /// What follows the last slash, without a digest.
  private var lastPart: Range<Index> {
    let end = utf8.firstIndex(of: UInt8(ascii: "@")) ?? endIndex
    let slash = utf8[..<end].lastIndex(of: UInt8(ascii: "/"))
    return (slash.map { utf8.index(after: $0) } ?? startIndex)..<end
  }
}
