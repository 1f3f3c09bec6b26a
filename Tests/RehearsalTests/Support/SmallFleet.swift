/// Four workloads: a gateway that faces outside, two HTTP services and one that speaks plain TCP. One of them, the
/// reporting service, is deliberately weak: who takes it over owns its node.
enum SmallFleet {
  static let gateway = "small/gateway[Deployment]"
  static let catalogue = "small/catalogue[Deployment]"
  static let reporting = "small/reporting[Deployment]"
  static let store = "small/store[Deployment]"
  static let workloads = [catalogue, gateway, reporting, store]

  /// Ways out of the weak service's container, and of one that a node's metadata service answers like everyone.
  static let waysOutOfReporting = ["K08", "K14", "L03", "L17", "L18", "L20"]

  static let manifests = [
    deployment("gateway", port: "http-web", 8080, user: 10001, calls: ["CATALOGUE_ADDR", "REPORTING_ADDR"]),
    service("gateway", type: "LoadBalancer", port: 80, name: "http-web"),
    deployment("catalogue", port: "http-api", 8080, user: 10001),
    service("catalogue", port: 8080, name: "http-api"),
    weakDeployment,
    service("reporting", port: 8080, name: "http-api"),
    deployment("store", port: "tcp-store", 5432, user: 10002),
    service("store", port: 5432, name: "tcp-store"),
  ].joined(separator: "---\n")

  /// What nobody should be able to smuggle into a page by way of a file.
  static let hostile = """
    apiVersion: v1
    kind: "<script>alert('kind')</script>"
    metadata: {name: "<img src=https://example.invalid/x onerror=alert(1)>"}

    """
  static let hostileFileName = "\"><img src=x onerror=alert(2)>.yaml"

  private static let addresses = ["CATALOGUE_ADDR": "catalogue:8080", "REPORTING_ADDR": "reporting:8080"]

  private static func deployment(
    _ name: String, port: String, _ number: Int, user: Int, calls: [String] = []
  ) -> String {
    let environment = calls.map { "{name: \($0), value: \"\(addresses[$0] ?? "")\"}" }.joined(separator: ", ")
    return """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: \(name), namespace: small}
      spec:
        replicas: 2
        selector: {matchLabels: {app: \(name)}}
        template:
          metadata: {labels: {app: \(name)}}
          spec:
            serviceAccountName: \(name)
            automountServiceAccountToken: false
            securityContext: {runAsNonRoot: true, runAsUser: \(user), seccompProfile: {type: RuntimeDefault}}
            containers:
            - name: \(name)
              image: registry.example/small/\(name):1
              ports: [{name: \(port), containerPort: \(number)}]
              readinessProbe: {tcpSocket: {port: \(port)}}
              securityContext:
                {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
              env: [\(environment)]

      """
  }

  private static let weakDeployment = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: reporting, namespace: small}
    spec:
      replicas: 2
      selector: {matchLabels: {app: reporting}}
      template:
        metadata: {labels: {app: reporting}}
        spec:
          serviceAccountName: reporting
          automountServiceAccountToken: true
          hostPID: true
          containers:
          - name: reporting
            image: registry.example/small/reporting:1
            ports: [{name: http-api, containerPort: 8080}]
            env: [{name: STORE_ADDR, value: "store:5432"}]
            securityContext: {privileged: true}
            volumeMounts: [{name: node, mountPath: /host}]
          volumes:
          - name: node
            hostPath: {path: /, type: Directory}

    """

  private static func service(_ name: String, type: String = "ClusterIP", port: Int, name portName: String) -> String {
    """
    apiVersion: v1
    kind: Service
    metadata: {name: \(name), namespace: small}
    spec:
      type: \(type)
      selector: {app: \(name)}
      ports: [{name: \(portName), port: \(port), targetPort: \(portName)}]

    """
  }
}
