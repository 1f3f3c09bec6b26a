import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let startsBeforeProxy = Trap(
    code: "T1", title: "The application starts before its proxy", severity: .medium, level: .readyAfterFix,
    meshes: [.istioSidecar, .linkerd, .consul],
    why: """
      Containers of a pod start side by side. An application that calls others at once finds its traffic captured and \
      no proxy to take it, and one that does not try again dies or stays broken.
      """,
    cure: "run the proxy as a native sidecar, or hold the application until the proxy is ready",
    references: [
      "https://github.com/istio/istio/issues/11130", "https://github.com/istio/istio/issues/4341",
      "https://linkerd.io/2/reference/proxy-configuration/",
    ],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: cart, namespace: shop}
      spec:
        selector: {matchLabels: {app: cart}}
        template:
          metadata:
            labels: {app: cart}
            annotations: {sidecar.istio.io/nativeSidecar: "false"}
          spec:
            containers:
            - name: server
              image: example.com/cart:1
              env: [{name: LEDGER_ADDR, value: "ledger:8080"}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: ledger, namespace: shop}
      spec: {selector: {app: ledger}, ports: [{name: http, port: 8080}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: ledger, namespace: shop}
      spec:
        selector: {matchLabels: {app: ledger}}
        template:
          metadata: {labels: {app: ledger}}
          spec:
            containers: [{name: server, image: "example.com/ledger:1"}]
      """,
    check: { pod, context in
      let workload = pod.workload
      // A job that fails is tried again by its controller; T3 is what it has to fear.
      guard !workload.runsToCompletion, let call = context.fleet.calls(from: workload.id).first else { return [] }
      return [Mesh.istioSidecar, .linkerd, .consul].compactMap { mesh in
        let native = context.nativeSidecar(pod, in: mesh)
        guard native != true, !holds(pod, context, mesh) else { return nil }
        // Linkerd holds the application by default (`proxy.await`).
        if mesh == .linkerd, pod.workload.podAnnotations["config.linkerd.io/proxy-await"] != "disabled" { return nil }
        return TrapHit(
          "it calls \(call.host):\(call.port), perhaps before its proxy takes the call",
          fix: startFix(workload), meshes: [mesh],
          undecided: native == nil && mesh == .istioSidecar
            ? "the input does not tell whether the proxy is a native sidecar" : nil)
      }
    })

  private static func holds(_ pod: EffectivePod, _ context: TrapContext, _ mesh: Mesh) -> Bool {
    guard mesh == .istioSidecar else { return false }
    let own = pod.workload.podAnnotations["proxy.istio.io/config"] ?? ""
    let key = "holdApplicationUntilProxyStarts"
    if let setting = BlockText.scalars(own)[key] { return setting == "true" }
    // The annotation may hold JSON as well.
    if own.filter({ !$0.isWhitespace }).contains("\"\(key)\":true") { return true }
    return context.settings.istioMeshConfig?["defaultConfig.\(key)"] == "true"
  }

  private static func startFix(_ workload: Workload) -> MeshText {
    MeshText(
      workload.templatePatch(annotations: [("sidecar.istio.io/nativeSidecar", "true")]),
      [
        .linkerd: workload.templatePatch(annotations: [
          ("config.linkerd.io/proxy-await", "enabled"), ("config.beta.linkerd.io/proxy-enable-native-sidecar", "true"),
        ]),
        .consul: workload.templatePatch(annotations: [
          ("consul.hashicorp.com/sidecar-proxy-startup-failure-seconds", "60")
        ]),
      ])
  }
}
