import AccessControl
import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let metadataService = Vector(
    code: "K14", title: "Taking the node's cloud credentials from the metadata service", severity: .high,
    explanation: """
      Any pod with a route to 169.254.169.254 can ask the cloud for the node's credentials. No capability is needed.
      """,
    mitigation: """
      Deny egress to 169.254.169.254 with a default-deny network policy; raise the hop limit protection of the \
      cloud.
      """,
    attack: ["T1552.005"],
    references: [
      "https://kubernetes.io/docs/concepts/security/security-checklist/",
      "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html",
    ],
    signature: [.connect("169.254.169.254:80")],
    example: """
      apiVersion: v1
      kind: Node
      metadata:
        name: worker-1
        labels:
          eks.amazonaws.com/nodegroup: workers
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: cart
        namespace: shop
        labels: {app: cart}
      spec:
        automountServiceAccountToken: false
        containers:
        - name: server
          image: example.org/cart:1.0.0

      """,
    escape: Escape(closedBy: .isolate, scenery: .metadataService) { _ in
      // An ordinary pod is weak enough: nothing but a network rule keeps it away.
    },
    rule: .pod { pod, context in MetadataService.assess(pod, context) }
  )
}

private enum MetadataService {
  /// AWS, Azure, Google, OpenStack and most others; and Alibaba Cloud.
  private static let usual = AddressEgress(address: 0xA9FE_A9FE, port: 80)
  private static let alibaba = AddressEgress(address: 0x6464_64C8, port: 80)

  static func assess(_ pod: EffectivePod, _ context: AuditContext) -> Assessment {
    let known = context.nodeFacts.metadataService ?? (context.identity.runsOnCloud ? true : nil)
    if known == false { return .closed }
    switch usual.verdict(pod, context) {
    case .forbidden(let policy):
      if known == true { return .closed }
      if case .forbidden = alibaba.verdict(pod, context) { return .closed }
      return .unknown(
        because: "\(policy) forbids 169.254.169.254, but which address the nodes' metadata service has is not known")
    case .allowed(let reason):
      guard known == true else {
        return .unknown(
          because:
            "it may reach 169.254.169.254 (\(reason)), but whether the nodes have a metadata service is not known")
      }
      return .open([Evidence(message: "it may reach 169.254.169.254: \(reason)", fix: fix(pod, context))])
    }
  }

  /// Policies add up: where one governs egress already, its rule has to except the address.
  private static func fix(_ pod: EffectivePod, _ context: AuditContext) -> String {
    if pod.pod.hostNetwork {
      return "# the pod needs no network of the node: hostNetwork: false, then a NetworkPolicy\n"
        + "# otherwise set the cloud's hop limit to 1 and require session tokens\n"
    }
    let governing = context.policies(selecting: pod.workload).filter(\.governsEgress)
    if let policy = governing.first {
      return "# in NetworkPolicy \(policy.id.name): except the address in the rule that allows it\n"
        + "except: [169.254.169.254/32]\n"
    }
    let labels = pod.workload.podLabels.sorted { $0.key < $1.key }
      .map { "      \(RoleYAML.scalar($0.key)): \(RoleYAML.scalar($0.value))\n" }.joined()
    return """
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: \(RoleYAML.scalar(pod.workload.id.name + "-no-metadata"))
        namespace: \(RoleYAML.scalar(pod.workload.id.namespace))
      spec:
        podSelector:
      \(labels.isEmpty ? "    {}\n" : "    matchLabels:\n" + labels)\
        policyTypes: [Egress]
        egress:
        - to:
          - namespaceSelector: {}
          - ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}

      """
  }
}
