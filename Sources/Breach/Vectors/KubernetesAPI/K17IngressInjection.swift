import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let ingressInjection = Vector(
    code: "K17", title: "Putting code into the ingress controller", severity: .critical,
    explanation: """
      ingress-nginx writes annotations into nginx's configuration. Snippet annotations are meant to; in \
      versions before \
      1.11.5 and 1.12.1 whoever reaches the admission webhook runs code in the controller, which may read every secret.
      """,
    mitigation: """
      Update ingress-nginx to 1.11.5, 1.12.1 or later, keep allow-snippet-annotations off, and let only the API server \
      reach the webhook.
      """,
    attack: ["T1190", "T1210"],
    references: [
      "CVE-2025-1974", "CVE-2025-1097", "CVE-2021-25742", "https://github.com/kubernetes/kubernetes/issues/131009",
      "https://github.com/kubernetes/kubernetes/issues/131007",
    ],
    signature: [.connect("*:8443"), .open("/proc/*/fd/*"), .state("nginx loads a library from a request body")],
    example: """
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: ingress-nginx-controller
        namespace: ingress-nginx
      spec:
        selector:
          matchLabels: {app: ingress-nginx}
        template:
          metadata:
            labels: {app: ingress-nginx}
          spec:
            containers:
            - name: controller
              image: registry.k8s.io/ingress-nginx/controller:v1.11.4
              args: [/nginx-ingress-controller, --validating-webhook=:8443]

      """,
    rule: .fleet { context in IngressInjection.assess(context) }
  )
}

private enum IngressInjection {
  static func assess(_ context: AuditContext) -> [ObjectAssessment] {
    let snippets = Dictionary(
      grouping: context.fleet.configMaps.filter { $0.data["allow-snippet-annotations"] != nil }, by: \.id.namespace)
    var found: [ObjectAssessment] = []
    for workload in context.fleet.workloads {
      for container in workload.pod.containers {
        let image = ImageName(container.image)
        guard isController(image) else { continue }
        found.append(
          ObjectAssessment(
            resource: workload.id, location: container.location,
            assessment: assess(container, image, snippets[workload.id.namespace] ?? [])))
      }
    }
    return found.isEmpty ? withoutController(context) : found
  }

  private static func isController(_ image: ImageName) -> Bool {
    image.repository.hasSuffix("ingress-nginx/controller")
      || image.repository.hasSuffix("ingress-nginx/controller-chroot")
      || image.name == "nginx-ingress-controller"
  }

  private static func assess(_ container: Container, _ image: ImageName, _ maps: [ConfigMap]) -> Assessment {
    var evidence: [Evidence] = []
    let written = maps.compactMap { $0.data["allow-snippet-annotations"] }
    if let entry = written.first(where: { $0.value == "true" }) {
      evidence.append(
        Evidence(
          container: container.name,
          message: "snippet annotations are allowed: who writes an Ingress writes configuration",
          fix: "data:\n  allow-snippet-annotations: \"false\"\n", location: entry.location))
    }
    guard let version = image.version else {
      if !evidence.isEmpty { return .open(evidence) }
      return .unknown(because: "the image of container \(container.name) has no version as its tag")
    }
    if isVulnerable(version) {
      let webhook = container.flag("validating-webhook") != nil
      evidence.append(
        Evidence(
          container: container.name,
          message: "ingress-nginx \(version) runs code from "
            + (webhook ? "whoever reaches its admission webhook" : "whoever writes an Ingress"),
          fix: "spec:\n  template:\n    spec:\n      containers:\n      - name: \(RoleYAML.scalar(container.name))\n"
            + "        image: registry.k8s.io/ingress-nginx/controller:v1.12.1\n"))
    }
    // On unless written otherwise before 1.9.0.
    if written.isEmpty, let changed = Version("1.9.0"), version < changed {
      evidence.append(
        Evidence(
          container: container.name, message: "ingress-nginx \(version) allows snippet annotations unless told not to",
          fix: "data:\n  allow-snippet-annotations: \"false\"\n"))
    }
    return .from(evidence)
  }

  /// Fixed in 1.11.5 and 1.12.1 (kubernetes/kubernetes#131007).
  private static func isVulnerable(_ version: Version) -> Bool {
    guard let first = Version("1.11.5"), let second = Version("1.12.1") else { return false }
    return version.numbers.prefix(2) == [1, 12] ? version < second : version < first
  }

  private static func withoutController(_ context: AuditContext) -> [ObjectAssessment] {
    context.fleet.ingresses.filter { ingress in
      ingress.annotations.keys.contains {
        $0.hasPrefix("nginx.ingress.kubernetes.io/") && $0.hasSuffix("-snippet")
      }
    }.map {
      ObjectAssessment(
        resource: $0.id, location: $0.location,
        assessment: .unknown(because: "it has a snippet annotation, and the ingress controller is not in the input"))
    }
  }
}
