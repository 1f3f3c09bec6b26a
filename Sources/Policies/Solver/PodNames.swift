import FleetModel

/// How policies name pods and identities: by the fewest labels that no other workload of the namespace has, and by a
/// service account of its own. Where a workload has neither, the patch that gives it one.
struct PodNames {
  /// By index in `Fleet.workloads`.
  private(set) var selectors: [[(key: String, value: String)]] = []
  private(set) var accounts: [String] = []
  private(set) var needsLabel: [Bool] = []
  private(set) var needsAccount: [Bool] = []

  static let ownLabel = "bulkhead.dev/workload"

  /// - Parameter governed: the workloads that policies are written for; only they can be patched.
  init(_ fleet: Fleet, governed: [Bool], splitsAccounts: Bool) {
    let workloads = fleet.workloads
    needsLabel = Array(repeating: false, count: workloads.count)
    for index in workloads.indices {
      let choice = Self.select(index, fleet)
      if let choice {
        selectors.append(choice)
      } else {
        needsLabel[index] = governed[index]
        let all = Self.stable(workloads[index].podLabels)
        selectors.append(governed[index] ? [(Self.ownLabel, Self.labelValue(workloads[index].id))] : all)
      }
    }
    assignAccounts(workloads, governed, splitsAccounts)
  }

  /// Labels that change with each release say nothing about who a pod is.
  private static let volatile: Set<String> = [
    "pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "job-name",
    "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index", "helm.sh/chart", "app.kubernetes.io/version", "app.kubernetes.io/managed-by",
    "security.istio.io/tlsMode", "service.istio.io/canonical-revision", "service.istio.io/canonical-name",
    "istio.io/rev", "sidecar.istio.io/inject",
  ]
  private static let preferred = ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app", "k8s-app", "name"]

  private static func stable(_ labels: [String: String]) -> [(key: String, value: String)] {
    let keys = labels.keys.filter { !volatile.contains($0) }.sorted { left, right in
      let (a, b) = (preferred.firstIndex(of: left) ?? .max, preferred.firstIndex(of: right) ?? .max)
      return (a, left) < (b, right)
    }
    return keys.compactMap { key in labels[key].map { (key, $0) } }
  }

  /// The first labels, in order of preference, that nobody else in the namespace has together; nil where all of them
  /// do not suffice.
  private static func select(_ index: Int, _ fleet: Fleet) -> [(key: String, value: String)]? {
    let own = fleet.workloads[index]
    let labels = stable(own.podLabels)
    var chosen: [(key: String, value: String)] = []
    var others: [Int] = []
    for (number, label) in labels.enumerated() {
      if number == 0 {
        let first = LabelSelector([.init(key: label.key, operation: .isIn, values: [label.value])])
        others = fleet.index.workloads(in: own.id.namespace, matching: first).filter {
          $0 != index && !isSame(fleet.workloads[$0], own)
        }
        chosen = [label]
      } else {
        let narrower = others.filter { fleet.workloads[$0].podLabels[label.key] == label.value }
        // A label that tells nobody apart only makes the policy break when it changes.
        if narrower.count < others.count {
          chosen.append(label)
          others = narrower
        }
      }
      if others.isEmpty { return chosen }
    }
    return nil
  }

  /// Pods of one owner, and a pod beside its owner, are one workload.
  private static func isSame(_ left: Workload, _ right: Workload) -> Bool {
    if let owner = left.firstOwner, owner == right.firstOwner || owner == right.id { return true }
    return right.firstOwner == left.id
  }

  static func labelValue(_ id: ObjectReference) -> String {
    ObjectName.shortened("\(id.kind.lowercased())-\(id.name)", to: 63)
  }

  private mutating func assignAccounts(_ workloads: [Workload], _ governed: [Bool], _ splits: Bool) {
    accounts = workloads.map(\.pod.serviceAccount)
    needsAccount = Array(repeating: false, count: workloads.count)
    guard splits else { return }
    var users: [String: Int] = [:]
    for workload in workloads { users["\(workload.id.namespace)/\(workload.pod.serviceAccount)", default: 0] += 1 }
    var taken = Set(users.keys)
    for index in workloads.indices where governed[index] {
      let workload = workloads[index]
      let account = workload.pod.serviceAccount
      // The account "default" is everybody's who does not ask for another one.
      guard account == "default" || users["\(workload.id.namespace)/\(account)"] ?? 0 > 1 else { continue }
      var name = ObjectName.shortened("\(account)-\(workload.id.name)", to: 253)
      if !taken.insert("\(workload.id.namespace)/\(name)").inserted {
        name = ObjectName.shortened("\(account)-\(workload.id.kind.lowercased())-\(workload.id.name)", to: 253)
        taken.insert("\(workload.id.namespace)/\(name)")
      }
      accounts[index] = name
      needsAccount[index] = true
    }
  }
}

/// Names of the objects that are written.
enum ObjectName {
  static func of(_ id: ObjectReference, _ suffix: String = "") -> String {
    let tail = suffix.isEmpty ? "" : "-\(suffix)"
    return shortened("bulkhead-\(id.kind.lowercased())-\(id.name)\(tail)", to: 253)
  }

  /// A name that is too long keeps its beginning and gets a hash of the whole (FNV-1a), so that it stays unique.
  static func shortened(_ name: String, to limit: Int) -> String {
    guard name.utf8.count > limit else { return name }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let text = String(hash, radix: 16)
    return String(decoding: name.utf8.prefix(limit - text.utf8.count - 1), as: UTF8.self) + "-" + text
  }
}
