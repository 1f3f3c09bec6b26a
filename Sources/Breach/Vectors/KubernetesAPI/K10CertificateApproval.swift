import AccessControl
import Diagnostics
import FleetModel

extension Vector {
  package static let certificateApproval = Vector(
    code: "K10", title: "Approving a client certificate in any name", severity: .critical,
    explanation: """
      A certificate request names its user and groups itself. Whoever may approve it for the API server's \
      signer gets a \
      certificate in that name, which no deletion of tokens or bindings takes back.
      """,
    mitigation: """
      Let only an approving controller update certificatesigningrequests/approval, and limit approve to the signers it \
      is for.
      """,
    attack: ["T1649"],
    references: [
      "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#csrs-and-certificate-issuing",
      "https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/",
    ],
    signature: [
      .audit("create certificatesigningrequests"), .audit("update certificatesigningrequests/approval"),
      .audit("approve signers"),
    ],
    example: RightsRule.example(
      """
      - apiGroups: [certificates.k8s.io]
        resources: [certificatesigningrequests]
        verbs: [create, get]
      - apiGroups: [certificates.k8s.io]
        resources: [certificatesigningrequests/approval]
        verbs: [update]
      - apiGroups: [certificates.k8s.io]
        resources: [signers]
        resourceNames: [kubernetes.io/kube-apiserver-client]
        verbs: [approve]
      """, account: "approver", cluster: true),
    rule: .subject { rights, context in
      let signers = ClientCertificates.approvableSigners(rights)
      let submits = ClientCertificates.maySubmit(rights)
      return RightsRule.assess(rights, [.approveCertificates], context) { _ in
        guard !signers.isEmpty else { return nil }
        let what = "for \(signers.joined(separator: ", "))"
        return submits ? what + ", and submit requests itself" : what + "; somebody else must submit the request"
      }
    }
  )
}
