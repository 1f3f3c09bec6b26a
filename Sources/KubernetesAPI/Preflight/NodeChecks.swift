import FleetModel
import Intake

/// Nodes: versions, health, kernels, room.
struct NodeChecks {
  let facts: ClusterFacts
  let plan: PreflightPlan

  var checks: [PreflightCheck] {
    guard let nodes = facts.nodes.value else {
      let titles = [
        ("P11", "kubelets fit the API server"), ("P12", "nodes are ready"), ("P13", "kernels can contain a breakout"),
        ("P14", "container runtimes are current"), ("P15", "nodes have room for the sidecars"),
      ]
      return titles.map {
        PreflightCheck($0.0, .nodes, $0.1, .unknown, facts.nodes.why, cure: "ask for the right to list nodes")
      }
    }
    return [kubelets(nodes), ready(nodes), kernels(nodes), runtimes(nodes), room(nodes)]
  }

  private func name(_ node: DocumentValue) -> String { node[path: "metadata", "name"]?.string ?? "?" }

  private func info(_ node: DocumentValue, _ key: String) -> String {
    node[path: "status", "nodeInfo", key]?.string ?? ""
  }

  /// `a, b, c and 4 more`.
  static func some(_ names: [String]) -> String {
    let sorted = names.sorted()
    return sorted.prefix(3).joined(separator: ", ") + (sorted.count > 3 ? " and \(sorted.count - 3) more" : "")
  }

  /// A kubelet is never newer than the API server, and at most three minor versions older (two before 1.28).
  private func kubelets(_ nodes: [DocumentValue]) -> PreflightCheck {
    let title = "kubelets fit the API server"
    guard let server = APIChecks.version(facts), server.numbers.count > 1 else {
      return PreflightCheck("P11", .nodes, title, .unknown, "the server's version is not known", cure: "see P01")
    }
    let most = server.numbers[1] >= 28 ? 3 : 2
    var bad: [String] = []
    var unknown: [String] = []
    for node in nodes {
      guard let kubelet = Version(info(node, "kubeletVersion")), kubelet.numbers.count > 1 else {
        unknown.append(name(node))
        continue
      }
      let skew = server.numbers[1] - kubelet.numbers[1]
      if kubelet.numbers[0] != server.numbers[0] || !(0...most).contains(skew) {
        bad.append("\(name(node)) (\(kubelet))")
      }
    }
    if !bad.isEmpty {
      return PreflightCheck(
        "P11", .nodes, title, .fail, "too far from \(server): \(Self.some(bad))",
        cure: "bring kubelets within \(most) minor versions below the server")
    }
    guard unknown.isEmpty else {
      return PreflightCheck(
        "P11", .nodes, title, .unknown, "no version from \(Self.some(unknown))", cure: "see whether they are up")
    }
    return PreflightCheck(
      "P11", .nodes, title, .pass, "\(nodes.count) \(nodes.count == 1 ? "node" : "nodes"), server \(server)")
  }

  private func ready(_ nodes: [DocumentValue]) -> PreflightCheck {
    let title = "nodes are ready"
    guard !nodes.isEmpty else {
      return PreflightCheck("P12", .nodes, title, .fail, "the cluster has no node", cure: "add one")
    }
    var bad: [String] = []
    for node in nodes {
      let conditions = node["status"]?["conditions"]?.elements ?? []
      let isReady = conditions.contains { $0["type"]?.string == "Ready" && $0["status"]?.string == "True" }
      let pressure = conditions.first { condition in
        ["MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"].contains(
          condition["type"]?.string ?? "") && condition["status"]?.string == "True"
      }
      if !isReady { bad.append("\(name(node)) (not ready)") }
      if isReady, let type = pressure?["type"]?.string { bad.append("\(name(node)) (\(type))") }
    }
    return bad.isEmpty
      ? PreflightCheck("P12", .nodes, title, .pass, "all \(nodes.count)")
      : PreflightCheck(
        "P12", .nodes, title, .fail, Self.some(bad), cure: "kubectl describe node NAME says what they lack")
  }

  /// 5.7 can hand system calls to a supervisor and go on with them; before 4.18 nothing here has been tried.
  private func kernels(_ nodes: [DocumentValue]) -> PreflightCheck {
    let title = "kernels can contain a breakout"
    let (oldest, wanted) = (Version("4.18"), Version("5.7"))
    var (old, elderly, other): ([String], [String], [String]) = ([], [], [])
    for node in nodes {
      let system = info(node, "operatingSystem")
      guard system.isEmpty || system == "linux", let oldest, let wanted,
        let kernel = Version(info(node, "kernelVersion"))
      else {
        other.append("\(name(node)) (\(system.isEmpty ? "unknown" : system))")
        continue
      }
      if kernel < oldest { old.append("\(name(node)) (\(kernel))") }
      if kernel >= oldest, kernel < wanted { elderly.append("\(name(node)) (\(kernel))") }
    }
    if !old.isEmpty {
      return PreflightCheck("P13", .nodes, title, .fail, "too old: \(Self.some(old))", cure: "update to 5.10 or later")
    }
    if !elderly.isEmpty {
      return PreflightCheck(
        "P13", .nodes, title, .warning, "system calls cannot be supervised below 5.7: \(Self.some(elderly))",
        cure: "update to 5.10 or later")
    }
    if !other.isEmpty {
      return PreflightCheck(
        "P13", .nodes, title, .warning, "not Linux, or not known: \(Self.some(other))",
        cure: "keep enrolled workloads on Linux nodes with a nodeSelector")
    }
    return PreflightCheck("P13", .nodes, title, .pass, "all 5.7 or later")
  }

  private func runtimes(_ nodes: [DocumentValue]) -> PreflightCheck {
    let title = "container runtimes are current"
    var bad: [String] = []
    var seen: Set<String> = []
    for node in nodes {
      let text = info(node, "containerRuntimeVersion")
      let parts = text.firstRange(of: "://").map { (String(text[..<$0.lowerBound]), String(text[$0.upperBound...])) }
      guard let (runtime, number) = parts, let version = Version(number) else {
        bad.append("\(name(node)) (\(text.isEmpty ? "unknown" : text))")
        continue
      }
      seen.insert(runtime)
      // containerd below 1.6 and docker no longer get fixes.
      let isOld = runtime == "docker" || runtime == "containerd" && version < (Version("1.6") ?? version)
      if isOld { bad.append("\(name(node)) (\(text))") }
    }
    return bad.isEmpty
      ? PreflightCheck("P14", .nodes, title, .pass, seen.sorted().joined(separator: ", "))
      : PreflightCheck("P14", .nodes, title, .warning, Self.some(bad), cure: "use containerd 1.7 or later, or CRI-O")
  }

  private func room(_ nodes: [DocumentValue]) -> PreflightCheck {
    let title = "nodes have room for the sidecars"
    if let mesh = plan.mesh, !mesh.hasSidecars {
      return PreflightCheck("P15", .nodes, title, .pass, "\(mesh.rawValue) adds no sidecars")
    }
    guard let pods = facts.pods.value else {
      return PreflightCheck("P15", .nodes, title, .unknown, facts.pods.why, cure: "ask for the right to list pods")
    }
    let rooms = SidecarRoom(nodes, pods, plan)
    let asked = "\(rooms.sidecars) sidecars of \(plan.sidecarMilliCPU)m and \(plan.sidecarBytes >> 20)Mi"
    if !rooms.unknown.isEmpty {
      return PreflightCheck(
        "P15", .nodes, title, .unknown, "allocatable is not known of \(Self.some(rooms.unknown))", cure: "see P12")
    }
    if rooms.lacksInAll {
      return PreflightCheck(
        "P15", .nodes, title, .fail, "\(asked) are more than what is free on all nodes together",
        cure: "add nodes, or lower the sidecars' requests (--sidecar-cpu, --sidecar-memory)")
    }
    if !rooms.full.isEmpty {
      return PreflightCheck(
        "P15", .nodes, title, .warning, "\(asked): pods would have to leave \(Self.some(rooms.full))",
        cure: "add nodes, or let pods move; those tied to a node (DaemonSets, local volumes) cannot")
    }
    return PreflightCheck("P15", .nodes, title, .pass, asked)
  }
}

/// What is free on each node, and what the sidecars would take of it.
struct SidecarRoom {
  private(set) var sidecars = 0
  /// Nodes whose pods would no longer fit.
  private(set) var full: [String] = []
  private(set) var unknown: [String] = []
  private(set) var lacksInAll = false

  private struct Free {
    var milliCPU: Int
    var bytes: Int
  }

  init(_ nodes: [DocumentValue], _ pods: [PodRoom], _ plan: PreflightPlan) {
    var free: [String: Free] = [:]
    for node in nodes {
      let name = node[path: "metadata", "name"]?.string ?? "?"
      let allocatable = node["status"]?["allocatable"]
      guard let milli = Self.quantity(allocatable, "cpu")?.milli,
        let bytes = Self.quantity(allocatable, "memory")?.units
      else {
        unknown.append(name)
        continue
      }
      free[name] = Free(milliCPU: milli, bytes: bytes)
    }
    for pod in pods where !pod.hasEnded {
      let isNew = plan.covers(pod.namespace) && !pod.isHostNetwork && !pod.hasSidecar
      if isNew { sidecars += 1 }
      guard let node = pod.node, free[node] != nil else { continue }
      free[node]?.milliCPU -= pod.milliCPU + (isNew ? plan.sidecarMilliCPU : 0)
      free[node]?.bytes -= pod.bytes + (isNew ? plan.sidecarBytes : 0)
    }
    full = free.filter { $0.value.milliCPU < 0 || $0.value.bytes < 0 }.keys.sorted()
    lacksInAll = free.values.map(\.milliCPU).reduce(0, +) < 0 || free.values.map(\.bytes).reduce(0, +) < 0
  }

  private static func quantity(_ list: DocumentValue?, _ key: String) -> Quantity? {
    switch list?[key] {
    case .string(let text), .number(let text): Quantity(text)
    case .integer(let value): Quantity("\(value)")
    default: nil
    }
  }
}
