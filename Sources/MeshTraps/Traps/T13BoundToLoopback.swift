import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let boundToLoopback = Trap(
    code: "T13", title: "An application that listens on loopback", severity: .medium, level: .readyAfterFix,
    meshes: .sidecars,
    why: """
      Sidecars deliver inbound traffic to the pod's address as if there were no proxy. An application bound to \
      127.0.0.1 is not there; with older Istio versions it was, so that an upgrade cuts it off.
      """,
    cure: "let it listen on 0.0.0.0 (or ::)",
    references: [
      "IST0143", "https://istio.io/latest/blog/2021/upcoming-networking-changes/",
    ],
    example: """
      apiVersion: v1
      kind: Service
      metadata: {name: cart, namespace: shop}
      spec: {selector: {app: cart}, ports: [{port: 8080, name: http}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata: {labels: {app: cart}}
          spec:
            containers:
            - name: server
              image: example.com/cart:1
              args: ["--bind=127.0.0.1:8080"]
      """,
    check: { pod, context in
      // Behind a service it is meant to be reached; the other side of a pod's loopback is nobody's business.
      guard !context.services(of: pod.workload).isEmpty else { return [] }
      return pod.members.filter { $0.role != .initial && !$0.belongsToMesh }.compactMap { member in
        guard let text = loopback(member.container) else { return nil }
        return TrapHit(
          "container \(member.container.name) listens on loopback (\(text.prefix(60)))",
          fix: MeshText("# change \(text.prefix(60)) to 0.0.0.0 in container \(member.container.name)"),
          container: member.container.name, location: member.container.location)
      }
    })

  private static let bindWords = ["bind", "listen", "host", "address", "addr", "ip"]

  /// The flag or variable that says so: its name ends in a word for binding, and its value is loopback.
  private static func loopback(_ container: Container) -> String? {
    let words = container.command + container.args
    for (index, word) in words.enumerated() where word.hasPrefix("-") {
      let parts = word.drop { $0 == "-" }.split(separator: "=", maxSplits: 1)
      guard let name = parts.first, binds(String(name)) else { continue }
      let value = parts.count > 1 ? String(parts[1]) : (index + 1 < words.count ? words[index + 1] : "")
      if isLoopback(value) { return parts.count > 1 ? word : "\(word) \(value)" }
    }
    for variable in container.environment {
      guard case .literal(let value) = variable.source, isLoopback(value) else { continue }
      let upper = variable.name.uppercased()
      let names = [
        "HOST", "BIND", "BIND_ADDRESS", "BIND_ADDR", "BIND_HOST", "LISTEN", "LISTEN_ADDR", "LISTEN_ADDRESS",
        "SERVER_ADDRESS", "SERVER_HOST", "HTTP_HOST",
      ]
      if names.contains(upper) { return "\(variable.name)=\(value)" }
    }
    return nil
  }

  private static func binds(_ flag: String) -> Bool {
    let last = flag.lowercased().split { "-_.".contains($0) }.last.map(String.init) ?? ""
    // Flags such as --db-host name somebody else's address.
    let foreign = ["db", "database", "redis", "mysql", "postgres", "upstream", "backend", "remote", "admin", "metrics"]
    return bindWords.contains(last) && !foreign.contains { flag.lowercased().hasPrefix($0) }
  }

  private static func isLoopback(_ value: String) -> Bool {
    let host = value.hasPrefix("[::1]") ? "::1" : String(value.split(separator: ":").first ?? "")
    return host == "127.0.0.1" || host.lowercased() == "localhost" || host == "::1" || value == "::1"
  }
}
