import Diagnostics
import FleetModel
import IntentModel

extension Trap {
  static let neverCompletes = Trap(
    code: "T3", title: "A job that never completes", severity: .high, level: .readyAfterFix, meshes: .sidecars,
    why: """
      A job is done when all containers of its pod have ended. An ordinary sidecar does not end by itself, so that the \
      job hangs until its deadline and the next one is never started.
      """,
    cure: "run the proxy as a native sidecar, let the job tell the proxy to quit, or leave the job out",
    references: [
      "https://github.com/istio/istio/issues/4341", "https://github.com/argoproj/argo-workflows/issues/1282",
      "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
    ],
    example: """
      apiVersion: batch/v1
      kind: CronJob
      metadata: {name: report, namespace: shop}
      spec:
        schedule: "0 3 * * *"
        jobTemplate:
          spec:
            template:
              spec:
                restartPolicy: Never
                containers: [{name: report, image: "example.com/report:1"}]
      """,
    check: { pod, context in
      guard pod.workload.runsToCompletion else { return [] }
      let text = pod.pod.containers.flatMap { $0.command + $0.args }.joined(separator: " ")
      let says = ["quitquitquit", "linkerd-await", "/shutdown", "graceful_shutdown"].contains { text.contains($0) }
      guard !says else { return [] }
      return [Mesh.istioSidecar, .linkerd, .consul, .envoy].compactMap { mesh in
        let native = context.nativeSidecar(pod, in: mesh)
        guard native != true else { return nil }
        let certainty = native == nil ? ", unless the proxy is a native sidecar" : ""
        return TrapHit(
          "the sidecar keeps the \(pod.workload.id.kind == "Job" ? "job" : "cron job") from completing\(certainty)",
          fix: completionFix(pod.workload), meshes: [mesh])
      }
    })

  private static func completionFix(_ workload: Workload) -> MeshText {
    MeshText(
      workload.templatePatch(annotations: [("sidecar.istio.io/nativeSidecar", "true")]),
      [
        .linkerd: workload.templatePatch(annotations: [("config.beta.linkerd.io/proxy-enable-native-sidecar", "true")]),
        .consul: workload.templatePatch(annotations: [
          ("consul.hashicorp.com/enable-sidecar-proxy-lifecycle", "true"),
          ("consul.hashicorp.com/sidecar-proxy-lifecycle-shutdown-grace-period-seconds", "5"),
        ]) + "\n# and let the job POST /graceful_shutdown on 127.0.0.1:20600 when it is done",
        .envoy: "# write the proxy as a native sidecar into the manifest\n"
          + workload.containerPatch("envoy", isInit: true, "restartPolicy: Always"),
      ])
  }
}
