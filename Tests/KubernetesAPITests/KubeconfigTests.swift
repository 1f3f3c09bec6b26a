import Diagnostics
import Foundation
import Testing

@testable import KubernetesAPI

struct KubeconfigTests {
  private static let whole = """
    apiVersion: v1
    kind: Config
    current-context: staging
    clusters:
    - name: c
      cluster:
        server: https://10.0.0.1:6443/base/
        certificate-authority-data: Q0E=
        tls-server-name: kube.example
        proxy-url: socks5://127.0.0.1:1080
    users:
    - name: u
      user: {token: secret-token, tokenFile: tokens/t, as: ann, as-groups: [dev, ops], as-user-extra: {team: [blue]}}
    contexts:
    - name: staging
      context: {cluster: c, user: u, namespace: shop}
    - name: bare
      context: {cluster: c}
    extensions:
    - name: unknown
      extension: {a: 1}
    """

  private func read(_ text: String, distrust: String? = nil) throws -> Kubeconfig {
    try KubeconfigReader(folder: "/home/ann/.kube", distrust: distrust).read(Array(text.utf8), file: "config")
  }

  @Test func readsWhatKubectlReads() throws {
    let config = try read(Self.whole)
    let settings = try ClusterSettings.choose(config, ClusterSelection())
    #expect(settings.name == "staging" && settings.namespace == "shop")
    #expect(settings.cluster.authority == .bytes(Array("CA".utf8)) && settings.cluster.tlsServerName == "kube.example")
    #expect(settings.user.token == "secret-token" && settings.user.tokenFile == "/home/ann/.kube/tokens/t")
    let impersonation = settings.user.impersonation
    #expect(impersonation.groups == ["dev", "ops"] && impersonation.extra == ["team": ["blue"]])
    let server = try settings.server()
    #expect(server == ClusterSettings.Server(isTLS: true, host: "10.0.0.1", port: 6443, prefix: "/base"))
    var selection = ClusterSelection()
    selection.context = "bare"
    let bare = try ClusterSettings.choose(config, selection)
    #expect(bare.namespace == "default" && bare.user.token == nil)
  }

  @Test func theFirstFileDefinesAllOfAnEntry() throws {
    var merged = try read("users: [{name: red, user: {token: a}}]\ncurrent-context: one")
    merged.merge(try read("users: [{name: red, user: {token: b, as: eve}}, {name: blue, user: {token: c}}]"))
    merged.merge(try read("current-context: two"))
    #expect(merged.users["red"]?.token == "a" && merged.users["red"]?.impersonation.user == nil)
    #expect(merged.users["blue"]?.token == "c" && merged.currentContext == "one")
  }

  @Test func kubeconfigListsSkipWhatIsNotThere() async throws {
    try await Fixtures.folder { folder in
      try Fixtures.write("current-context: x", "\(folder)/a")
      try Fixtures.write(Self.whole, "\(folder)/b")
      let environment = ["KUBECONFIG": "\(folder)/none:\(folder)/b:\(folder)/a::\(folder)/b"]
      let settings = try ClusterSettings.resolve(ClusterSelection(), environment: environment)
      #expect(settings.name == "staging" && settings.user.tokenFile == "\(folder)/tokens/t")
      // The current context of the first file, of which the second has none.
      let error = Fixtures.error {
        _ = try ClusterSettings.resolve(
          ClusterSelection(), environment: ["KUBECONFIG": "\(folder)/a:\(folder)/b"])
      }
      #expect(error?.message.contains("there is no context 'x'") == true)
      #expect(error?.cure.contains("bare, staging") == true)
    }
  }

  @Test(arguments: [
    ("clusters:\n- {name: c, cluster: {server: [1]}}", 2, "clusters[0].cluster.server: a text is wanted here"),
    ("clusters:\n- name: c\n  cluster:\n    insecure-skip-tls-verify: maybe", 4, "true or false is wanted here"),
    ("users:\n- name: u\n  user:\n    client-key-data: '#'", 4, "this is no Base64"),
    ("users:\n- user: {}", 2, "the entry has no name"),
    ("kind: Pod", 1, "this is a Pod"),
    ("a: [", 2, "the kubeconfig is no YAML"),
    ("clusters: 5", 1, "a list is wanted here"),
    ("- x", 1, "a mapping is wanted here"),
  ])
  func errorsNameFileAndLine(_ text: String, _ line: Int, _ message: String) {
    let error = Fixtures.error { _ = try read(text) }
    #expect(error?.exit == .configuration && error?.location?.file == "config" && error?.location?.line == line)
    #expect(error?.message.contains(message) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("server: http://example.com", "user: {token: t}", "in the clear"),
    ("server: https://h\n    insecure-skip-tls-verify: true", "user: {}", "not to verify"),
    ("server: https://u:p@h", "user: {}", "holds a user"),
    ("server: ftp://h", "user: {}", "neither https"),
    ("server: https://h:99999", "user: {}", "no port"),
    ("server: https://", "user: {}", "no host"),
    ("server: https://h/a?b", "user: {}", "a query"),
    ("server: https://h", "user: {client-certificate: a}", "without a client-key"),
    ("server: https://h", "user: {exec: {command: x, apiVersion: example/v1alpha1}}", "apiVersion"),
    (
      "server: https://h",
      "user: {exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}}", "questions"
    ),
    ("server: https://h", "user: {auth-provider: {name: gcp}}", "no longer part"),
  ])
  func refusesWhatWouldGiveSecretsAway(_ cluster: String, _ user: String, _ message: String) throws {
    let text = """
      current-context: x
      contexts: [{name: x, context: {cluster: c, user: u}}]
      clusters:
      - name: c
        cluster:
          \(cluster)
      users:
      - name: u
        \(user)
      """
    let error = Fixtures.error {
      try ClusterSettings.choose(try read(text), ClusterSelection()).check(allowsUnverified: false)
    }
    #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    #expect((error?.location?.line ?? 0) >= 5)
  }

  @Test func unverifiedNeedsAWord() throws {
    let text = """
      current-context: x
      contexts: [{name: x, context: {cluster: c, user: ''}}]
      clusters: [{name: c, cluster: {server: 'https://h', insecure-skip-tls-verify: true}}]
      """
    let settings = try ClusterSettings.choose(try read(text), ClusterSelection())
    try settings.check(allowsUnverified: true)
    #expect(throws: BulkheadError.self) { try settings.check(allowsUnverified: false) }
  }

  /// A plugin is a program: it is run only from a file that nobody else can have written.
  @Test(arguments: [(0o600, 0o700, true), (0o602, 0o700, false), (0o600, 0o777, false), (0o600, 0o1777, false)])
  func programsAreRunFromTheUsersOwnFileOnly(_ file: Int, _ inside: Int, _ isTrusted: Bool) async throws {
    try await Fixtures.folder { folder in
      let nested = "\(folder)/nested"
      try FileManager.default.createDirectory(atPath: nested, withIntermediateDirectories: false)
      try FileManager.default.setAttributes([.posixPermissions: inside], ofItemAtPath: nested)
      let path = "\(nested)/config"
      try Fixtures.write("x", path, mode: file)
      #expect((TrustedFile.distrust(path) == nil) == isTrusted, "\(TrustedFile.distrust(path) ?? "trusted")")
      // A link to it is as good as it is.
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: path)
      #expect((TrustedFile.distrust("\(folder)/link") == nil) == isTrusted)
    }
    let text = "users: [{name: u, user: {exec: {command: ./p, apiVersion: client.authentication.k8s.io/v1}}}]"
    let user = try #require(try read(text, distrust: "everybody can write to it").users["u"])
    #expect(user.refusal?.message.contains("everybody can write to it") == true)
    #expect(try read(text).users["u"]?.exec?.command == "/home/ann/.kube/./p")
  }

  @Test func insideAPodTheServiceAccountServes() async throws {
    try await Fixtures.folder { folder in
      for (name, text) in [("token", "abc\n"), ("ca.crt", "x"), ("namespace", "shop\n")] {
        try Fixtures.write(text, "\(folder)/\(name)")
      }
      let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
      let settings = try #require(try ClusterSettings.inCluster(environment, account: folder))
      #expect(settings.cluster.server == "https://[fd00::1]:443" && settings.namespace == "shop")
      #expect(try settings.server().host == "fd00::1")
      #expect(settings.user.token == nil && settings.user.tokenFile == "\(folder)/token")
    }
  }

  @Test func secretsStayOutOfDescriptions() throws {
    let user = try #require(try read(Self.whole).users["u"])
    var dumped = ""
    dump(user, to: &dumped)
    #expect(!"\(user)\(dumped)".contains("secret-token"))
    let error = Fixtures.error { _ = try read("users: [{name: u, user: {token: {secret: value}}}]") }
    #expect(error?.description.contains("value") == false)
  }

  @Test func noProxyExempts() {
    let list = "localhost, .internal,example.com , 10.0.0.1"
    for host in ["localhost", "a.internal", "example.com", "www.example.com", "10.0.0.1"] {
      #expect(ProxySettings.isExempt(host, list), "\(host)")
    }
    for host in ["badexample.com", "10.0.0.2", "internal.org"] {
      #expect(!ProxySettings.isExempt(host, list), "\(host)")
    }
    for (host, range, isExempt) in [
      ("10.3.4.5", "10.0.0.0/8", true), ("11.0.0.1", "10.0.0.0/8", false), ("10.96.0.1", "10.96.0.0/12", true),
      ("10.112.0.1", "10.96.0.0/12", false), ("1.2.3.4", "0.0.0.0/0", true), ("name", "0.0.0.0/0", false),
      ("10.0.0.1", "10.0.0.0/33", false), ("10.0.0.1", "10.0.0/8", false),
    ] {
      #expect(ProxySettings.isExempt(host, range) == isExempt, "\(host) in \(range)")
    }
    #expect(ProxySettings.isExempt("anything", "*") && !ProxySettings.isExempt("anything", ""))
  }

  /// Aliases that multiply, and nesting without end: an answer or an error, at once.
  @Test func bombsAreHarmless() {
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      bomb += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ","))]\n"
    }
    let texts = [
      bomb + "users: *a30", bomb + "current-context: *a30", bomb + "? *a30\n: x",
      bomb + "clusters: [{name: c, cluster: *a30}]",
      "users: " + String(repeating: "[", count: 100_000), String(repeating: "a: {", count: 5_000),
      bomb + "kind: Config\nusers: [*a30]",
    ]
    for text in texts { #expect((try? read(text)) == nil || text.hasPrefix("a0"), "\(text.suffix(30))") }
  }

  /// Whatever stands in a kubeconfig: an answer or an error with a place, and no secret in it.
  @Test func fuzz() async {
    var random = FixedSeedGenerator(7)
    let seed = Array(Self.whole.utf8)
    let pieces = [
      "{", "[", "]", "\n", ": ", "&a ", "*a", "- ", "\u{0}", "!!binary ", "|", "'", "\"", "server",
      "exec: {command: x}",
    ]
    for round in 0..<(Fixtures.isSoaking ? 200_000 : 3_000) {
      // Others wait for answers meanwhile.
      if round % 100 == 0 { await Task.yield() }
      var bytes = seed
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(at..<min(bytes.count - 1, at + Int.random(in: 0...20, using: &random)))
        default: bytes.insert(contentsOf: pieces.randomElement(using: &random)!.utf8, at: at)
        }
      }
      do {
        let config = try KubeconfigReader(folder: "/", distrust: nil).read(bytes, file: "f")
        try ClusterSettings.choose(config, ClusterSelection()).check(allowsUnverified: false)
      } catch let error as BulkheadError {
        #expect(error.exit == .configuration && error.location != nil)
        #expect(!error.description.contains("secret-token"))
      } catch {
        Issue.record("another error: \(error)")
      }
    }
  }
}
