package import IntentModel

/// What is known of the meshes from their own pages, with dates.
package struct MeshFacts: Sendable {
  package var mesh: Mesh
  package var cost: PublishedCost
  package var community: [DatedFact]
  private let features: [MeshFeature: (Support, String)]

  package func support(_ feature: MeshFeature) -> (support: Support, note: String) {
    features[feature].map { ($0.0, $0.1) } ?? (.no, "not offered")
  }

  package static func of(_ mesh: Mesh) -> MeshFacts {
    switch mesh {
    case .istioSidecar: istioSidecar
    case .istioAmbient: istioAmbient
    case .linkerd: linkerd
    case .consul: consul
    case .envoy: envoy
    }
  }

  private static let istioSource = "https://istio.io/latest/docs/ops/deployment/performance-and-scalability/"
  private static let linkerdSource = "https://linkerd.io/2021/11/29/linkerd-vs-istio-benchmarks-2021/"
  private static let istioGraduated = DatedFact(
    text: "a graduated project of the CNCF, Apache 2.0, several vendors", date: "2023-07",
    source: "https://www.cncf.io/projects/istio/")

  private static let istioSidecar = MeshFacts(
    mesh: .istioSidecar,
    cost: PublishedCost(
      coresPerThousandRequests: 0.20, proxyMegabytes: 60, perPod: true,
      latency: "1.7 ms at p90, 2.7 ms at p99 for both proxies (Istio 1.12)",
      sources: [
        DatedFact(
          text: "0.20 vCPU and 60 MB for 1,000 requests/s of 1 KB (1.24)", date: "2024-11", source: istioSource),
        DatedFact(
          text: "1.7 ms and 2.7 ms", date: "2022-01",
          source: "https://docs.redhat.com/en/documentation/openshift_container_platform/4.6/html/service_mesh/"),
      ]),
    community: [istioGraduated],
    features: [
      .requestAuthorisation: (.yes, "AuthorizationPolicy"), .dryRun: (.yes, "istio.io/dry-run"),
      .trafficSplit: (.yes, "VirtualService, HTTPRoute"), .faultInjection: (.yes, "VirtualService"),
      .retries: (.yes, "VirtualService"), .circuitBreaking: (.yes, "DestinationRule"),
      .jwt: (.yes, "RequestAuthentication"), .rateLimit: (.partly, "by EnvoyFilter"),
      .multiCluster: (.yes, "several models"), .virtualMachines: (.yes, "WorkloadEntry"),
      .egressControl: (.yes, "Sidecar, ServiceEntry, egress gateway"), .openSourceReleases: (.yes, "Apache 2.0"),
    ])

  private static let istioAmbient = MeshFacts(
    mesh: .istioAmbient,
    cost: PublishedCost(
      coresPerThousandRequests: 0.06, proxyMegabytes: 12, perPod: false,
      latency: "no figure here: the published ones depend on whether a waypoint is on the path",
      sources: [
        DatedFact(
          text: "ztunnel: 0.06 vCPU and 12 MB for 1,000 requests/s; a waypoint 0.25 vCPU and 60 MB (1.24)",
          date: "2024-11", source: istioSource)
      ]),
    community: [
      istioGraduated,
      DatedFact(
        text: "ambient mode generally available since Istio 1.24", date: "2024-11",
        source: "https://istio.io/latest/blog/2024/ambient-reaches-ga/"),
    ],
    features: [
      .requestAuthorisation: (.partly, "with a waypoint"),
      .dryRun: (.partly, "basic support in ztunnel since the end of 2025; older ones enforce such policies"),
      .trafficSplit: (.partly, "HTTPRoute with a waypoint"), .faultInjection: (.partly, "with a waypoint"),
      .retries: (.partly, "with a waypoint"), .circuitBreaking: (.partly, "with a waypoint"),
      .jwt: (.partly, "with a waypoint"), .rateLimit: (.partly, "with a waypoint, by EnvoyFilter"),
      .multiCluster: (.partly, "younger than in sidecar mode"), .virtualMachines: (.no, "sidecar mode only"),
      .egressControl: (.partly, "with a waypoint for egress"), .openSourceReleases: (.yes, "Apache 2.0"),
      .noProxyInPods: (.yes, "one ztunnel for each node"), .noRestart: (.yes, "by label"),
    ])

  private static let linkerd = MeshFacts(
    mesh: .linkerd,
    cost: PublishedCost(
      coresPerThousandRequests: 0.11, proxyMegabytes: 26, perPod: true,
      latency: "6 ms at the median of a whole application at 2,000 requests/s (2021)",
      sources: [
        DatedFact(
          text: "26.3 MB against Istio's 156.2 MB for the largest proxy, and 36 against 67 in CPU at 2,000 "
            + "requests/s; the cores here are Istio's figure in that ratio", date: "2021-11-29", source: linkerdSource)
      ]),
    community: [
      DatedFact(
        text: "a graduated project of the CNCF, Apache 2.0", date: "2021-07",
        source: "https://www.cncf.io/projects/linkerd/"),
      DatedFact(
        text: "since 2.15 the project publishes edge releases alone; stable ones come from vendors, mainly Buoyant, "
          + "free of charge below 50 employees", date: "2024-02-21",
        source: "https://www.buoyant.io/blog/clarifications-on-linkerd-2-15-stable-announcement"),
    ],
    features: [
      .requestAuthorisation: (.yes, "AuthorizationPolicy on an HTTPRoute"), .dryRun: (.yes, "audit policy"),
      .trafficSplit: (.yes, "HTTPRoute"), .faultInjection: (.partly, "by a failing backend"),
      .retries: (.yes, "annotations of services and routes"), .circuitBreaking: (.yes, "failure accrual"),
      .rateLimit: (.yes, "HTTPLocalRateLimitPolicy"), .multiCluster: (.yes, "mirrored services"),
      .virtualMachines: (.yes, "ExternalWorkload"), .egressControl: (.yes, "EgressNetwork"),
      .openSourceReleases: (.partly, "edge releases; stable ones from vendors"),
    ])

  private static let consul = MeshFacts(
    mesh: .consul,
    cost: PublishedCost(
      coresPerThousandRequests: 0.20, proxyMegabytes: 60, perPod: true,
      latency: "no published figure",
      sources: [
        DatedFact(
          text: "no published figure for its proxy, which is Envoy: that of Istio's Envoy is taken", date: "2024-11",
          source: istioSource)
      ]),
    community: [
      DatedFact(
        text: "Business Source License 1.1 instead of an open-source licence", date: "2023-08-10",
        source: "https://www.hashicorp.com/blog/hashicorp-adopts-business-source-license")
    ],
    features: [
      .requestAuthorisation: (.yes, "intentions with permissions"), .trafficSplit: (.yes, "ServiceSplitter"),
      .faultInjection: (.partly, "by Envoy extensions"), .retries: (.yes, "ServiceRouter"),
      .circuitBreaking: (.yes, "passive health checks"), .jwt: (.yes, "JWTProvider"),
      .rateLimit: (.yes, "ServiceDefaults"), .multiCluster: (.yes, "peering"),
      .virtualMachines: (.yes, "agents outside Kubernetes"), .egressControl: (.yes, "terminating gateway"),
      .openSourceReleases: (.no, "Business Source License since 2023"),
    ])

  private static let envoy = MeshFacts(
    mesh: .envoy,
    cost: PublishedCost(
      coresPerThousandRequests: 0.20, proxyMegabytes: 60, perPod: true,
      latency: "no published figure; the twin can measure it",
      sources: [
        DatedFact(
          text: "the proxy is the one in Istio's sidecar: its figure is taken", date: "2024-11", source: istioSource)
      ]),
    community: [
      DatedFact(
        text: "a graduated project of the CNCF, Apache 2.0; without a control plane for clusters", date: "2018-11",
        source: "https://www.cncf.io/projects/envoy/")
    ],
    features: [
      .requestAuthorisation: (.partly, "Envoy can; the compiler writes identities and ports"),
      .dryRun: (.yes, "shadow rules"), .trafficSplit: (.yes, "weighted clusters"),
      .faultInjection: (.yes, "fault filter"), .retries: (.yes, "routes"),
      .circuitBreaking: (.partly, "Envoy can; nothing writes it yet"), .openSourceReleases: (.yes, "Apache 2.0"),
    ])
}
