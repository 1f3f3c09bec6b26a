package import FleetModel

extension TrafficPlan {
  /// The settings as objects of a mesh; empty where the mesh has no objects for them.
  ///
  /// Ambient needs a waypoint for them: a ztunnel reads no requests.
  package func objects(for target: PolicyTarget) -> [ManifestObject] {
    switch target {
    case .istioSidecar: settings.flatMap(Self.istio) + observability.map(Self.telemetry)
    case .consul: settings.filter { $0.wireProtocol == .http }.map(Self.consul)
    case .istioAmbient, .linkerd, .envoy, .networkPolicy: []
    }
  }

  /// Annotations of services by which Linkerd sets the same; empty for other meshes.
  package func servicePatches(for target: PolicyTarget) -> [DocumentValue] {
    guard target == .linkerd else { return [] }
    return settings.filter { $0.wireProtocol == .http }.map { setting in
      var notes: [DocumentValue.Entry] = []
      if setting.ejectAfterErrors != nil {
        notes.append(.init("balancer.linkerd.io/failure-accrual", .string("consecutive")))
        notes.append(
          .init(
            "balancer.linkerd.io/failure-accrual-consecutive-max-failures",
            .string("\(setting.ejectAfterErrors ?? 5)")))
      }
      if setting.attempts > 1 {
        notes.append(.init("retry.linkerd.io/http", .string("gateway-error")))
        notes.append(.init("retry.linkerd.io/limit", .string("\(setting.attempts - 1)")))
        notes.append(.init("retry.linkerd.io/timeout", .string("\(setting.perTryMilliseconds ?? 1_000)ms")))
      }
      if let timeout = setting.timeoutMilliseconds {
        notes.append(.init("timeout.linkerd.io/request", .string("\(timeout)ms")))
      }
      return .map([
        "apiVersion": .string("v1"), "kind": .string("Service"),
        "metadata": .map([
          "name": .string(setting.service.name), "namespace": .string(setting.service.namespace),
          "annotations": .mapping(notes.sorted { $0.key < $1.key }),
        ]),
      ])
    }
  }

  /// `2s`, `2.5s`: every reader of durations takes seconds.
  private static func seconds(_ milliseconds: Int) -> String {
    guard milliseconds % 1_000 != 0 else { return "\(milliseconds / 1_000)s" }
    var fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
    while fraction.last == "0" { fraction = fraction.dropLast() }
    return "\(milliseconds / 1_000).\(fraction)s"
  }

  private static func host(_ service: ObjectReference) -> String {
    "\(service.name).\(service.namespace).svc.cluster.local"
  }

  private static func istio(_ setting: TrafficSettings) -> [ManifestObject] {
    let name = ObjectName.shortened("bulkhead-\(setting.service.name)", to: 253)
    var objects = [
      ManifestObject(
        "DestinationRule", "networking.istio.io/v1", namespace: setting.service.namespace, name: name,
        for: setting.service, purpose: "how calls to \(setting.service.name) are balanced and bounded",
        spec: .map(["host": .string(host(setting.service)), "trafficPolicy": policy(setting)]))
    ]
    guard let timeout = setting.timeoutMilliseconds else { return objects }
    let retries: DocumentValue =
      setting.attempts > 1
      ? .map([
        "attempts": .integer(setting.attempts - 1),
        "perTryTimeout": .string(seconds(setting.perTryMilliseconds ?? 1_000)),
        // Conditions under which the request has not been worked on: safe for requests that change something.
        "retryOn": .string("connect-failure,refused-stream"),
      ])
      : .map(["attempts": .integer(0)])
    objects.append(
      ManifestObject(
        "VirtualService", "networking.istio.io/v1", namespace: setting.service.namespace, name: name,
        for: setting.service, purpose: "\(setting.service.name): \(setting.basis.first ?? "defaults")",
        spec: .map([
          "hosts": .texts([host(setting.service)]),
          "http": .list([
            .map([
              "timeout": .string(seconds(timeout)), "retries": retries,
              "route": .list([.map(["destination": .map(["host": .string(host(setting.service))])])]),
            ])
          ]),
        ])))
    return objects
  }

  private static func policy(_ setting: TrafficSettings) -> DocumentValue {
    let balancer: DocumentValue = .map([
      "simple": .string(setting.balancing == .leastRequest ? "LEAST_REQUEST" : "ROUND_ROBIN"),
      "localityLbSetting": .map(["enabled": .bool(setting.prefersOwnZone && setting.ejectAfterErrors != nil)]),
    ])
    let outliers = setting.ejectAfterErrors.map { errors in
      DocumentValue.map([
        "consecutive5xxErrors": .integer(errors), "interval": .string("10s"), "baseEjectionTime": .string("30s"),
        "maxEjectionPercent": .integer(setting.maxEjectionPercent),
      ])
    }
    return .map([
      "loadBalancer": balancer,
      "connectionPool": .map([
        "tcp": .map(["maxConnections": .integer(setting.maxConnections)]),
        "http": setting.maxPendingRequests.map {
          DocumentValue.map(["http1MaxPendingRequests": .integer($0), "http2MaxRequests": .integer($0)])
        },
      ]),
      "outlierDetection": outliers,
      "retryBudget": setting.attempts > 1 ? .map(["percent": .integer(setting.retryBudgetPercent)]) : nil,
    ])
  }

  private static func telemetry(_ setting: ObservabilitySettings) -> ManifestObject {
    ManifestObject(
      "Telemetry", "telemetry.istio.io/v1", namespace: setting.namespace, name: "bulkhead",
      for: ObjectReference(kind: "Namespace", namespace: "", name: setting.namespace),
      purpose: setting.basis.joined(separator: "; "),
      spec: .map([
        "accessLogging": .list([
          .map([
            "providers": .list([.map(["name": .string("envoy")])]),
            "filter": .map(["expression": .string(setting.accessLogFilter)]),
          ])
        ]),
        "tracing": .list([.map(["randomSamplingPercentage": .number("\(setting.traceSamplingPercent)")])]),
      ]))
  }

  private static func consul(_ setting: TrafficSettings) -> ManifestObject {
    var destination: [DocumentValue.Entry] = []
    if let timeout = setting.timeoutMilliseconds {
      destination.append(.init("requestTimeout", .string(seconds(timeout))))
    }
    if setting.attempts > 1 {
      destination.append(.init("numRetries", .integer(setting.attempts - 1)))
      destination.append(.init("retryOnConnectFailure", .bool(true)))
    }
    return ManifestObject(
      "ServiceRouter", "consul.hashicorp.com/v1alpha1", namespace: setting.service.namespace,
      name: setting.service.name, for: setting.service,
      purpose: "\(setting.service.name): \(setting.basis.first ?? "defaults")",
      spec: .map(["routes": .list([.map(["destination": .mapping(destination)])])]))
  }
}
