import FleetModel
import IntentModel

/// One effective pod for all workloads that differ in nothing but their names: replicas read from a cluster pod by pod.
struct PodModels {
  /// By workload: its model.
  private(set) var modelOf: [Int] = []
  /// By model; apart from the pods themselves, which are dear to copy.
  private var facts: [Facts] = []
  /// By model: what is open in it.
  private(set) var open: [[OpenVector]] = []

  var count: Int { facts.count }
  var isAnyMeshed: Bool { facts.contains { $0.isMeshed } }

  struct Facts {
    var isMeshed: Bool
    var tokenMounted: Bool
    /// Hardening takes the token away.
    var hidesToken = false
    var containers: Int

    init(_ pod: EffectivePod) {
      isMeshed = pod.membership.mesh != nil
      tokenMounted = pod.tokenMounted
      containers = pod.members.count
    }
  }

  private struct Owner: Hashable {
    var namespace: String
    var owner: ObjectReference
  }

  init(_ context: AuditContext, _ vectors: [Vector], countsUnknown: Bool = false) {
    let workloads = context.fleet.workloads
    let rules = BreakoutRules(vectors, countsUnknown: countsUnknown)
    modelOf.reserveCapacity(workloads.count)
    var firsts: [Int] = []
    var byOwner: [Owner: [Int]] = [:]
    for index in workloads.indices {
      var model: Int?
      // Replicas mostly follow each other.
      if let last = modelOf.last, Self.areAlike(workloads, firsts[last], index) { model = last }
      let key = workloads[index].firstOwner.map { Owner(namespace: workloads[index].id.namespace, owner: $0) }
      if model == nil, let key {
        // The latest few: an owner of a hundred thousand different pods must not cost their square.
        model = byOwner[key]?.suffix(16).first { Self.areAlike(workloads, firsts[$0], index) }
      }
      if model == nil {
        if let key { byOwner[key, default: []].append(firsts.count) }
        firsts.append(index)
        add(workloads[index], rules, context)
      }
      modelOf.append(model ?? firsts.count - 1)
    }
  }

  private mutating func add(_ workload: Workload, _ rules: BreakoutRules, _ context: AuditContext) {
    let pod = context.effectivePod(workload)
    var known: EffectivePod?
    func hardened() -> EffectivePod {
      if let known { return known }
      var changed = workload
      changed.pod = Hardening.apply(to: workload.pod).pod
      let pod = context.effectivePod(changed)
      known = pod
      return pod
    }
    var own = Facts(pod)
    // A workload scaled to nothing gives no edges.
    open.append(
      workload.replicas > 0 || workload.id.kind == "DaemonSet" ? rules.open(pod, context, hardened: hardened) : [])
    if own.tokenMounted { own.hidesToken = !hardened().tokenMounted }
    facts.append(own)
  }

  func facts(of workload: Int) -> Facts { facts[modelOf[workload]] }

  /// Of one owner, and equal but for names, places and where they are written.
  private static func areAlike(_ all: [Workload], _ left: Int, _ right: Int) -> Bool {
    guard let owner = all[left].firstOwner, owner == all[right].firstOwner else { return false }
    return all[left].id.namespace == all[right].id.namespace && all[left].id.kind == all[right].id.kind
      && all[left].podLabels == all[right].podLabels && all[left].podAnnotations == all[right].podAnnotations
      && all[left].labels == all[right].labels && all[left].annotations == all[right].annotations
      && (all[left].replicas > 0) == (all[right].replicas > 0)
      && all[left].claimTemplates == all[right].claimTemplates && all[left].serviceName == all[right].serviceName
      && areAlike(all[left].pod, all[right].pod)
  }

  private static func areAlike(_ left: PodSpec, _ right: PodSpec) -> Bool {
    guard areAlike(left.containers, right.containers), areAlike(left.initContainers, right.initContainers),
      areAlike(left.ephemeralContainers, right.ephemeralContainers)
    else { return false }
    return bare(left) == bare(right)
  }

  private static func bare(_ pod: PodSpec) -> PodSpec {
    var pod = pod
    pod.nodeName = nil
    pod.hostname = nil
    pod.containers = []
    pod.initContainers = []
    pod.ephemeralContainers = []
    return pod
  }

  private static func areAlike(_ left: [Container], _ right: [Container]) -> Bool {
    left.count == right.count && left.indices.allSatisfy { areAlike(left[$0], right[$0]) }
  }

  private static func areAlike(_ left: Container, _ right: Container) -> Bool {
    guard left.environment.count == right.environment.count else { return false }
    for index in left.environment.indices {
      var variable = left.environment[index]
      variable.location = right.environment[index].location
      guard variable == right.environment[index] else { return false }
    }
    var container = left
    container.environment = right.environment
    container.location = right.location
    return container == right
  }
}
