import Diagnostics
import FleetModel
import IntentModel
import Testing

@testable import Twin

@Suite struct IsolationPolicyTests {
  func workload(_ name: String, _ namespace: String = "shop", labels: [String: String]? = nil) -> Workload {
    var workload = Workload(
      id: ObjectReference(kind: "Deployment", namespace: namespace, name: name),
      location: SourceLocation(file: "shop.yaml", line: 1))
    workload.podLabels = labels ?? ["app": name]
    return workload
  }

  func intent(_ fleet: Fleet, _ name: String, servesOutside: Bool = false) throws -> Intent {
    let own = try #require(fleet.workloads.first { $0.id.name == name }).id
    let (web, db) = (fleet.workloads[0].id, fleet.workloads[2].id)
    return Intent(
      workload: own, identity: SpiffeID(trustDomain: "t", namespace: "shop", account: name), posture: .untouched,
      inbound: [
        InboundFlow(port: 7070, wireProtocol: .http, callers: [web], servesOutside: servesOutside),
        InboundFlow(port: 9999, wireProtocol: .http, callers: []),
      ],
      outbound: [
        OutboundFlow(
          service: ObjectReference(kind: "Service", namespace: "data", name: "db"), servicePort: 6379, target: db,
          targetPort: 6380, wireProtocol: .tcp)
      ])
  }

  var fleet: Fleet {
    var fleet = Fleet()
    fleet.workloads = [
      workload("web"), workload("cart"), workload("db", "data"),
      workload("cart-old", labels: ["app": "cart", "v": "1"]),
    ]
    return fleet
  }

  @Test func exactlyTheKnownCallsAreAllowed() throws {
    let isolation = try IsolationPolicy(intent(fleet, "cart"), in: fleet)
    #expect(isolation.overlaps.map(\.name) == ["cart-old"])
    let address = { (byte: UInt8) in IPv4Address(10, 244, 1, byte) }
    func pod(_ name: String, _ namespace: String, _ byte: UInt8) -> PolicyPod {
      PolicyPod(id: name, address: address(byte), namespace: namespace, labels: ["app": name], node: "node-1")
    }
    let pods = [pod("web", "shop", 2), pod("cart", "shop", 3), pod("db", "data", 4), pod("evil", "shop", 5)]
    let table = try CompiledPolicies(pods: pods, namespaces: [:], policies: [], own: ["cart": [isolation.policy]])
    #expect(table.allows(from: address(2), to: address(3), port: 7070))
    #expect(!table.allows(from: address(2), to: address(3), port: 9999))
    #expect(!table.allows(from: address(5), to: address(3), port: 7070))
    #expect(!table.allows(from: AddressPlan.outside, to: address(3), port: 7070))
    #expect(table.allows(from: address(3), to: address(4), port: 6380))
    #expect(!table.allows(from: address(3), to: address(4), port: 6379))
    #expect(!table.allows(from: address(3), to: address(2), port: 80))
    #expect(!table.allows(from: address(3), to: AddressPlan.outside, port: 443))
    #expect(table.allows(from: address(3), to: AddressPlan.resolver, transport: .udp, port: 53))
    #expect(table.allows(from: address(3), to: AddressPlan.resolver, transport: .tcp, port: 53))
    #expect(!table.allows(from: address(3), to: AddressPlan.outside, transport: .udp, port: 53))
    #expect(table.allows(from: address(5), to: address(4), port: 6379))

    let open = try IsolationPolicy(intent(fleet, "cart", servesOutside: true), in: fleet)
    let opened = try CompiledPolicies(pods: pods, namespaces: [:], policies: [], own: ["cart": [open.policy]])
    #expect(opened.allows(from: AddressPlan.outside, to: address(3), port: 7070))
    #expect(!opened.allows(from: AddressPlan.outside, to: address(3), port: 22))
    #expect(!opened.allows(from: AddressPlan.outside, to: address(3), port: 9999))
  }

  @Test func theTextIsWhatKubernetesTakes() throws {
    #expect(
      try IsolationPolicy(intent(fleet, "cart"), in: fleet).yaml == """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: "bulkhead-deployment-cart"
          namespace: "shop"
          labels:
            app.kubernetes.io/managed-by: bulkhead
        spec:
          podSelector:
            matchLabels:
              "app": "cart"
          policyTypes: [Ingress, Egress]
          ingress:
            - from:
                - podSelector:
                    matchLabels:
                      "app": "web"
              ports:
                - protocol: TCP
                  port: 7070
          egress:
            - to:
                - namespaceSelector:
                    matchLabels:
                      "kubernetes.io/metadata.name": "data"
                  podSelector:
                    matchLabels:
                      "app": "db"
              ports:
                - protocol: TCP
                  port: 6380
            - to:
                - namespaceSelector:
                    matchLabels:
                      "kubernetes.io/metadata.name": "kube-system"
                  podSelector:
                    matchLabels:
                      "k8s-app": "kube-dns"
              ports:
                - protocol: UDP
                  port: 53
                - protocol: TCP
                  port: 53

        """)
  }

  @Test func otherFormsAreWrittenToo() {
    var policy = NetworkPolicy(
      id: ObjectReference(kind: "NetworkPolicy", namespace: "x", name: "y"),
      location: SourceLocation(file: "f", line: 1))
    policy.podSelector = LabelSelector([
      .init(key: "a", operation: .isIn, values: ["1", "2"]), .init(key: "b", operation: .absent),
    ])
    policy.ingress = [
      .init(),
      .init(
        peers: [.block(cidr: "10.0.0.0/8", except: ["10.1.0.0/16"])], ports: [.init(transport: .sctp, number: .all)]),
      .init(ports: [.init(number: .named("ht\"tp")), .init(number: .range(1, 9))]),
    ]
    #expect(
      policy.yaml.split(separator: "spec:\n")[1] == """
          podSelector:
            matchExpressions:
              - key: "a"
                operator: In
                values: ["1", "2"]
              - key: "b"
                operator: DoesNotExist
          policyTypes: [Ingress]
          ingress:
            - {}
            - from:
                - ipBlock:
                    cidr: "10.0.0.0/8"
                    except: ["10.1.0.0/16"]
              ports:
                - protocol: SCTP
            - ports:
                - protocol: TCP
                  port: "ht\\"tp"
                - protocol: TCP
                  port: 1
                  endPort: 9

        """)
  }

  @Test func aWorkloadWithoutLabelsIsAnErrorNotAPolicyForAll() throws {
    var fleet = fleet
    fleet.workloads[0].podLabels = [:]
    let error = #expect(throws: BulkheadError.self) { try IsolationPolicy(try intent(fleet, "cart"), in: fleet) }
    #expect(error?.cure.isEmpty == false && error?.location != nil)
  }
}
