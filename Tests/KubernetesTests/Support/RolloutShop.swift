/// Stand-ins for a rollout: users who call a cart, and whoever else a test wants to have beside them.
enum RolloutShop {
  static let namespace = "shop"

  /// Users who call the cart, and the cart with its service.
  static var manifests: String {
    [
      #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"#,
      player("users", calls: ["cart"], requestsPerSecond: 60), server("cart", isHardened: false),
    ].joined(separator: "\n")
  }

  /// Stand-ins in the shape of the Online Boutique: its services, who calls whom, and a crowd of users.
  static var boutique: String {
    let services: [(name: String, calls: [String])] = [
      ("frontend", ["ads", "recommendations", "catalog", "cart", "shipping", "currency", "checkout"]),
      ("checkout", ["payment", "email", "shipping", "currency", "cart", "catalog"]),
      ("recommendations", ["catalog"]), ("cart", ["store"]), ("ads", []), ("catalog", []), ("shipping", []),
      ("currency", []), ("payment", []), ("email", []), ("store", []),
    ]
    let hardened: Set = ["ads", "email", "payment"]
    let servers = services.map { server($0.name, calls: $0.calls, isHardened: hardened.contains($0.name), replicas: 1) }
    let crowd = player("loadgenerator", calls: ["frontend"], requestsPerSecond: 15)
    return ([#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"#, crowd] + servers)
      .joined(separator: "\n")
  }

  /// Calls the cart without any trace of it in its manifest: no plan can know of it.
  static var unknownCaller: String { player("stranger", calls: ["cart"], isDeclared: false, requestsPerSecond: 20) }

  /// As Helm marks what it keeps.
  static var keptByHelm: String {
    workload("kept", calls: [], labels: [("app.kubernetes.io/managed-by", "Helm")]) + "\n" + service("kept")
  }

  /// Users who call a StatefulSet, whose owner holds a pod back from changes, and a DaemonSet.
  static var otherKinds: String {
    [
      #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"#,
      player("users", calls: ["store", "agent"], requestsPerSecond: 60), store, agent,
    ].joined(separator: "\n")
  }

  static var store: String {
    workload("store", kind: .statefulSet(replicas: 3, partition: 1), calls: []) + "\n" + service("store")
  }

  static var agent: String { workload("agent", kind: .daemonSet, calls: []) + "\n" + service("agent") }

  static func server(
    _ name: String, calls: [String] = [], isHardened: Bool = true, replicas: Int = 2
  ) -> String {
    workload(name, kind: .deployment(replicas: replicas), calls: calls, isHardened: isHardened) + "\n" + service(name)
  }

  static func player(_ name: String, calls: [String], isDeclared: Bool = true, requestsPerSecond: Int) -> String {
    workload(
      name, kind: .deployment(replicas: 1), calls: calls, isDeclared: isDeclared,
      users: #","users":{"requestsPerSecond":\#(requestsPerSecond),"count":50}"#)
  }

  private static func service(_ name: String) -> String {
    """
    {"apiVersion":"v1","kind":"Service","metadata":{"name":"\(name)","namespace":"\(namespace)"},
     "spec":{"selector":{"app":"\(name)"},"ports":[{"name":"http","port":80,"targetPort":"http"}]}}
    """
  }

  /// What kinds of workload differ in.
  private enum Kind {
    case deployment(replicas: Int)
    case statefulSet(replicas: Int, partition: Int)
    case daemonSet

    var name: String {
      switch self {
      case .deployment: "Deployment"
      case .statefulSet: "StatefulSet"
      case .daemonSet: "DaemonSet"
      }
    }

    func fields(_ name: String) -> String {
      switch self {
      case .deployment(let replicas):
        #""replicas":\#(replicas),"strategy":{"rollingUpdate":{"maxSurge":"100%","maxUnavailable":0}},"#
      case .statefulSet(let replicas, let partition):
        #""replicas":\#(replicas),"serviceName":"\#(name)","#
          + #""updateStrategy":{"rollingUpdate":{"partition":\#(partition)}},"#
      case .daemonSet: ""
      }
    }
  }

  private static func workload(
    _ name: String, kind: Kind = .deployment(replicas: 2), calls: [String], isDeclared: Bool = true,
    isHardened: Bool = true, users: String = "", labels: [(String, String)] = []
  ) -> String {
    let context =
      #""securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"#
      + #""readOnlyRootFilesystem":true},"#
    let outgoing = calls.map {
      #"{"target":"\#(namespace)/\#($0)[Deployment]","host":"\#($0).\#(namespace)","port":80,"tcp":false}"#
    }
    let role = """
      {"pod":"\(name)","workload":"\(namespace)/\(name)[\(kind.name)]","callerName":"\(namespace)/\(name)",
       "listen":[{"port":8080,"tcp":false}],"calls":[\(outgoing.joined(separator: ","))],
       "connectionSeconds":2,"latency":{"medianMilliseconds":1,"sigma":0.1}\(users)}
      """
    let quoted = role.replacingOccurrences("\n", with: "").replacingOccurrences("\"", with: "\\\"")
    let variables = isDeclared ? calls.map { #"{"name":"\#($0.uppercased())_ADDR","value":"\#($0):80"}"# } : []
    let marks = (labels + [("app", name)]).map { #""\#($0.0)":"\#($0.1)""# }.joined(separator: ",")
    return """
      {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"role-\(name)","namespace":"\(namespace)"},
       "data":{"role.json":"\(quoted)"}}
      {"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"\(name)","namespace":"\(namespace)"}}
      {"apiVersion":"apps/v1","kind":"\(kind.name)",
       "metadata":{"name":"\(name)","namespace":"\(namespace)","labels":{\(marks)}},
       "spec":{\(kind.fields(name))"selector":{"matchLabels":{"app":"\(name)"}},
        "template":{
         "metadata":{"labels":{"app":"\(name)"},"annotations":{"bulkhead.dev/standin-port":"8080"}},
         "spec":{"serviceAccountName":"\(name)","automountServiceAccountToken":false,
          "terminationGracePeriodSeconds":8,
          "securityContext":{"runAsNonRoot":true,"runAsUser":65532,"runAsGroup":65532,
           "seccompProfile":{"type":"RuntimeDefault"}},
          "containers":[{"name":"app","image":"bulkhead.test/standin:1","stdin":true,
           "args":["serve","--config","/role/role.json"],"env":[\(variables.joined(separator: ","))],
           "ports":[{"name":"http","containerPort":8080}],
           "readinessProbe":{"httpGet":{"path":"/healthz","port":"http"},"periodSeconds":1,"timeoutSeconds":3},
           "lifecycle":{"preStop":{"exec":{"command":["/usr/local/bin/sleep","4"]}}},
           "resources":{"requests":{"cpu":"20m","memory":"16Mi"},"limits":{"memory":"256Mi"}},
           \(isHardened ? context : "")
           "volumeMounts":[{"name":"role","mountPath":"/role","readOnly":true}]}],
          "volumes":[{"name":"role","configMap":{"name":"role-\(name)"}}]}}}}
      """
  }
}

extension String {
  fileprivate func replacingOccurrences(_ text: String, with other: String) -> String {
    split(separator: text, omittingEmptySubsequences: false).joined(separator: other)
  }
}
