import Breach
import FleetModel
import Testing

/// Vectors of pods: K08, K13, K14, K20.
@Suite struct APIPodTests {
  struct Case: Sendable, CustomStringConvertible {
    var code: String
    var what: String
    var yaml: String
    var verdict: APIFixture.Verdict
    var cloud: Bool?
    var description: String { "\(code) \(what)" }

    init(_ code: String, _ what: String, _ yaml: String, _ verdict: APIFixture.Verdict, cloud: Bool? = nil) {
      self.code = code
      self.what = what
      self.yaml = yaml
      self.verdict = verdict
      self.cloud = cloud
    }
  }

  private static func pod(_ spec: String = "") -> String {
    APIFixture.pod("containers: [{name: c, image: a}]\(spec.isEmpty ? "" : ", " + spec)")
  }
  private static func mounting(_ path: String, readOnly: Bool = false, user: String = "") -> String {
    APIFixture.pod(
      """
      containers: [{name: c, image: a, securityContext: {\(user)}, volumeMounts: [{name: v, mountPath: /x, \
      readOnly: \(readOnly)}]}], \
      volumes: [{name: v, hostPath: {path: \(path)}}]
      """)
  }
  private static func account(_ automount: Bool) -> String {
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cart, namespace: "
      + "shop}\nautomountServiceAccountToken: \(automount)\n---\n"
  }
  private static func egress(_ rules: String, selector: String = "{}") -> String {
    """
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: out, namespace: shop}
    spec: {podSelector: \(selector), policyTypes: [Egress], egress: [\(rules)]}
    ---

    """
  }
  private static let anywhereElse = "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}"

  static let cases: [Case] = [
    Case("K08", "by default", pod(), .open),
    Case("K08", "pod says no", pod("automountServiceAccountToken: false"), .closed),
    Case("K08", "account says no", account(false) + pod("serviceAccountName: cart"), .closed),
    Case("K08", "account says yes", account(true) + pod("serviceAccountName: cart"), .open),
    Case("K08", "account is not known", pod("serviceAccountName: cart"), .unknown),
    Case(
      "K08", "pod wins", account(false) + pod("serviceAccountName: cart, automountServiceAccountToken: true"), .open),
    Case(
      "K08", "projected by hand",
      pod(
        "automountServiceAccountToken: false, volumes: [{name: t, projected: {sources: "
          + "[{serviceAccountToken: {path: t}}]}}]"
      ),
      .open),
    Case("K13", "etc", mounting("/etc"), .open),
    Case("K13", "manifests, written round a corner", mounting("/var/../etc//kubernetes/./manifests/"), .open),
    Case("K13", "manifests, read only", mounting("/etc/kubernetes/manifests", readOnly: true), .closed),
    Case("K13", "keys, read only", mounting("/var/lib/kubelet", readOnly: true), .open),
    Case("K13", "another folder", mounting("/var/log"), .closed),
    Case("K13", "a folder whose name only begins alike", mounting("/etc/kubernetes-tools"), .closed),
    Case(
      "K13", "not root, never root",
      mounting("/etc/kubernetes", user: "runAsUser: 1000, allowPrivilegeEscalation: false"), .closed),
    Case("K13", "not root at first", mounting("/etc/kubernetes", user: "runAsUser: 1000"), .unknown),
    Case(
      "K13", "by a volume of the node",
      """
      apiVersion: v1
      kind: PersistentVolume
      metadata: {name: pv}
      spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /etc/kubernetes}}
      ---
      apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: {name: claim, namespace: shop}
      spec: {volumeName: pv, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
      ---

      """
        + APIFixture.pod(
          "containers: [{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}], volumes: [{name: "
            + "v, persistentVolumeClaim: {claimName: claim}}]"
        ), .open),
    Case("K14", "on a cloud", pod(), .open, cloud: true),
    Case("K14", "no cloud", pod(), .closed, cloud: false),
    Case("K14", "who knows", pod(), .unknown),
    Case("K14", "default deny", egress("") + pod(), .closed, cloud: true),
    Case("K14", "default deny, who knows", egress("") + pod(), .closed),
    Case("K14", "only that address", egress(anywhereElse) + pod(), .closed, cloud: true),
    Case("K14", "only that address, who knows", egress(anywhereElse) + pod(), .unknown),
    Case("K14", "a policy for others", egress("", selector: "{matchLabels: {app: b}}") + pod(), .open, cloud: true),
    Case("K14", "all pods, nothing outside", egress("{to: [{podSelector: {}}]}") + pod(), .closed, cloud: true),
    Case("K14", "everything", egress("{}") + pod(), .open, cloud: true),
    Case("K14", "another port", egress("{ports: [{port: 443}]}") + pod(), .closed, cloud: true),
    Case("K14", "a range of ports", egress("{ports: [{port: 1, endPort: 1024}]}") + pod(), .open, cloud: true),
    Case("K14", "UDP", egress("{ports: [{port: 80, protocol: UDP}]}") + pod(), .closed, cloud: true),
    Case("K14", "the node's network", egress("") + pod("hostNetwork: true"), .open, cloud: true),
    Case(
      "K14", "denied by an administrator",
      """
      apiVersion: policy.networking.k8s.io/v1alpha1
      kind: AdminNetworkPolicy
      metadata: {name: no-metadata}
      spec:
        priority: 1
        subject: {namespaces: {}}
        egress: [{action: Deny, to: [{networks: [169.254.0.0/16]}]}]
      ---

      """ + pod(), .closed, cloud: true),
    Case(
      "K20", "privileged", APIFixture.pod("containers: [{name: c, image: a, securityContext: {privileged: true}}]"),
      .open),
    Case("K20", "kubelet's folder", mounting("/var/lib/kubelet/pods"), .open),
    Case("K20", "an ordinary pod", pod(), .unknown),
    Case(
      "K20", "SYS_ADMIN",
      APIFixture.pod("containers: [{name: c, image: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]"), .open),
  ]

  @Test(arguments: cases) func podsDecide(_ test: Case) throws {
    let context = try APIFixture.context(test.yaml, facts: APIFixture.facts { $0.metadataService = test.cloud })
    #expect(try APIFixture.verdict(test.code, context) == test.verdict)
  }

  @Test func aTokenIsWorseWithRights() throws {
    let bound = Self.account(true) + Self.pod("serviceAccountName: cart")
    let all = try APIFixture.context(
      bound + APIFixture.bind("ClusterRole", "cluster-admin", cluster: true, account: "cart"))
    #expect(
      try APIFixture.messages("K08", all) == [
        "the token of service account cart is mounted; it may do everything in the cluster"
      ])
    let some = try APIFixture.context(bound + APIFixture.bind("ClusterRole", "edit", account: "cart"))
    #expect(try APIFixture.messages("K08", some)[0].contains("it may create pods"))
    let none = try APIFixture.context(bound)
    #expect(try APIFixture.messages("K08", none)[0].hasSuffix("no binding of the input gives it rights"))
  }

  @Test func theMetadataFixClosesIt() throws {
    let yaml = Self.pod()
    let facts = APIFixture.facts { $0.metadataService = true }
    guard
      case .open(let evidence)? = try APIFixture.assessments("K14", APIFixture.context(yaml, facts: facts)).first?
        .assessment
    else {
      Issue.record("not open")
      return
    }
    let fixed = try APIFixture.context(yaml + evidence[0].fix, facts: facts)
    #expect(try APIFixture.verdict("K14", fixed) == .closed)
  }

  private static let flawed = APIFixture.facts {
    $0.kernel = Version("6.12.0")
    $0.runtime = "containerd"
    $0.runtimeVersion = Version("2.1.0")
    $0.runcVersion = Version("1.0.0-rc93")
    $0.cgroupVersion = 2
    $0.securityModules = ["apparmor"]
  }

  private static func sharing(_ mounts: Bool) -> String {
    let mount = mounts ? ", volumeMounts: [{name: work, mountPath: /work}]" : ""
    let hard =
      "securityContext: {runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, "
      + "capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}"
    return APIFixture.pod(
      "automountServiceAccountToken: false, initContainers: [{name: i, image: a, \(hard)\(mount)}], "
        + "containers: [{name: c, image: a, \(hard)\(mount)}], volumes: [{name: work, emptyDir: {}}]")
  }

  /// An ordinary pod on a node whose runtime has a flaw that it can use: it ends on the node like a privileged one.
  @Test func aFlawOfTheRuntimeLeadsToTheTokensOfTheNode() throws {
    let context = try APIFixture.context(Self.sharing(true), facts: Self.flawed)
    #expect(try APIFixture.verdict("L44", context) == .open)
    #expect(try APIFixture.verdict("K20", context) == .open)
    let message = try #require(try APIFixture.messages("K20", context).first)
    #expect(message.contains("is open") && message.contains("tokens of every pod"))
  }

  /// Without runc's version some flaw stays unknown; the reason names it.
  @Test func aFlawThatIsNotKnownLeavesTheTokensUnknown() throws {
    var facts = Self.flawed
    facts.runcVersion = nil
    let context = try APIFixture.context(Self.sharing(true), facts: facts)
    #expect(try APIFixture.verdict("K20", context) == .unknown)
    #expect(try APIFixture.messages("K20", context)[0].hasPrefix("L"))
  }

  @Test func soundNodesKeepTheirTokens() throws {
    var facts = LinuxFixture.soundNodes
    facts.runtime = facts.runtime ?? "containerd"
    let context = try APIFixture.context(Self.sharing(false), facts: facts)
    #expect(try APIFixture.verdict("K20", context) == .closed)
  }
}
