import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let externalAddress = Vector(
    code: "K15", title: "Catching traffic by a service's external address", severity: .medium,
    explanation: """
      A service may name any address as its external one; every node then sends what is meant for that address to the \
      service's pods. Whoever may write services reads and answers other people's traffic.
      """,
    mitigation: """
      Turn on the admission plugin DenyServiceExternalIPs or an admission policy for spec.externalIPs, and let nobody \
      write services/status.
      """,
    attack: ["T1557"],
    references: ["CVE-2020-8554", "https://github.com/kubernetes/kubernetes/issues/97076"],
    signature: [.audit("create services"), .audit("patch services"), .audit("patch services/status")],
    example: """
      apiVersion: v1
      kind: Service
      metadata:
        name: resolver
        namespace: shop
      spec:
        selector: {app: resolver}
        externalIPs: [203.0.113.53]
        ports:
        - {name: dns-tcp, port: 53}

      """,
    rule: .fleet { context in
      let claimed = context.fleet.services.filter { !$0.externalIPs.isEmpty }.map { service in
        ObjectAssessment(
          resource: service.id, location: service.location,
          assessment: .open([
            Evidence(
              message:
                "what pods and nodes send to \(RightsRule.short(service.externalIPs)) goes to this service's pods",
              fix: "spec:\n  externalIPs: null\n")
          ]))
      }
      if isDenied(context) { return claimed }
      return claimed
        + RightsRule.perBinding([.writeServices], context) { use in
          guard use.names.isEmpty || use.requests.contains(where: { $0.verb != "create" }) else { return nil }
          return "any address can be claimed: nothing in the input shows that DenyServiceExternalIPs is on"
        }
    }
  )

  private static func isDenied(_ context: AuditContext) -> Bool {
    let servers = Array(context.fleet.workloads.lazy.flatMap(\.pod.containers).filter { $0.runs("kube-apiserver") })
    return !servers.isEmpty
      && servers.allSatisfy {
        ($0.flag("enable-admission-plugins") ?? "").split(separator: ",").contains("DenyServiceExternalIPs")
      }
  }
}
