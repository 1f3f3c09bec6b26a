import Diagnostics

/// Which cluster, as whom: what `--kube`'s options say.
package struct ClusterSelection: Sendable {
  /// `--kubeconfig`: this file alone.
  package var kubeconfig: String?
  package var context: String?
  package var impersonation = Impersonation()
  /// Says that a certificate may go unverified where the kubeconfig asks for it.
  package var allowsUnverified = false
  /// What the requests are for, such as `survey`: goes into the User-Agent, and so into the cluster's audit log.
  package var purpose = ""

  package init() {}
}

/// A cluster and how to reach it: a kubeconfig's context, resolved.
package struct ClusterSettings: Sendable {
  /// The context's name; `inCluster` inside a pod.
  package var name: String
  package static let inCluster = "in-cluster"
  package var cluster: KubeconfigCluster
  package var user: KubeconfigUser
  /// Where nothing else says so: the context's, or `default`.
  package var namespace: String
  package var purpose = ""

  /// Looks where kubectl looks: `--kubeconfig`, else the files of `KUBECONFIG`, else `~/.kube/config`, else, in a pod,
  /// the pod's service account.
  ///
  /// - Throws: `BulkheadError(.configuration)` with file and line.
  package static func resolve(_ selection: ClusterSelection, environment: [String: String]) throws -> ClusterSettings {
    var settings: ClusterSettings
    if let merged = try load(selection, environment) {
      settings = try choose(merged, selection)
    } else if let inside = try inCluster(environment) {
      settings = inside
    } else {
      throw BulkheadError(
        .configuration, "there is no kubeconfig: neither KUBECONFIG nor ~/.kube/config names one",
        cure: "name one with --kubeconfig FILE")
    }
    settings.purpose = selection.purpose
    if selection.impersonation != Impersonation() { settings.user.impersonation = selection.impersonation }
    try settings.check(allowsUnverified: selection.allowsUnverified)
    return settings
  }

  /// All kubeconfigs, merged; nil where there is none.
  private static func load(_ selection: ClusterSelection, _ environment: [String: String]) throws -> Kubeconfig? {
    if let path = selection.kubeconfig { return try read(path) }
    // An empty variable is none.
    if let list = environment["KUBECONFIG"], !list.isEmpty {
      var merged = Kubeconfig()
      var seen: Set<String> = []
      for path in list.split(separator: ":").map(String.init) where seen.insert(path).inserted {
        // A file that is not there is no mistake: kubectl makes it at the first change.
        if TrustedFile.exists(path) { merged.merge(try read(path)) }
      }
      guard !merged.files.isEmpty else {
        throw BulkheadError(
          .configuration, "none of the files of KUBECONFIG is there: \(list.safeForTerminal)",
          cure: "correct KUBECONFIG")
      }
      return merged
    }
    guard let home = environment["HOME"], !home.isEmpty else { return nil }
    let path = "\(home)/.kube/config"
    return TrustedFile.exists(path) ? try read(path) : nil
  }

  private static func read(_ path: String) throws -> Kubeconfig {
    let bytes = try TrustedFile.read(path, what: "the kubeconfig", limit: KubeconfigNode.fileBytes)
    let folder = TrustedFile.parent(TrustedFile.absolute(path))
    return try KubeconfigReader(folder: folder, distrust: TrustedFile.distrust(path)).read(bytes, file: path)
  }

  /// Internal for tests.
  static func choose(_ config: Kubeconfig, _ selection: ClusterSelection) throws -> ClusterSettings {
    let place = SourceLocation(file: config.files.joined(separator: ":"), line: 0)
    let known = config.contexts.keys.sorted().prefix(20).joined(separator: ", ").safeForTerminal
    let cure = known.isEmpty ? "the kubeconfig has no context" : "name one with --context: \(known)"
    guard let name = selection.context ?? config.currentContext else {
      throw BulkheadError(.configuration, "the kubeconfig has no current-context", cure: cure, location: place)
    }
    guard let context = config.contexts[name] else {
      throw BulkheadError(
        .configuration, "there is no context '\(name.safeForTerminal)'", cure: cure, location: place)
    }
    guard let cluster = config.clusters[context.cluster] else {
      throw BulkheadError(
        .configuration,
        "the context '\(name.safeForTerminal)' names the cluster '\(context.cluster.safeForTerminal)',"
          + " which is not there", cure: "add it with 'kubectl config set-cluster'", location: context.location)
    }
    // No user means no credentials, which a proxy on this machine does not need.
    let nobody = context.user.isEmpty ? KubeconfigUser(location: context.location) : nil
    guard let user = nobody ?? config.users[context.user] else {
      throw BulkheadError(
        .configuration,
        "the context '\(name.safeForTerminal)' names the user '\(context.user.safeForTerminal)',"
          + " who is not there", cure: "add it with 'kubectl config set-credentials'", location: context.location)
    }
    return ClusterSettings(name: name, cluster: cluster, user: user, namespace: context.namespace ?? "default")
  }

  // MARK: - In a pod

  private static let account = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// Internal for tests.
  static func inCluster(_ environment: [String: String], account: String = Self.account) throws -> ClusterSettings? {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
      let port = environment["KUBERNETES_SERVICE_PORT"], TrustedFile.exists("\(account)/token")
    else { return nil }
    let place = SourceLocation(file: account, line: 0)
    let name = host.contains(":") ? "[\(host)]" : host
    var cluster = KubeconfigCluster(server: "https://\(name):\(port)", location: place)
    cluster.authority = .file("\(account)/ca.crt")
    var user = KubeconfigUser(location: place)
    // Not the token itself: it is renewed while a program runs.
    user.tokenFile = "\(account)/token"
    let namespace = try? TrustedFile.read("\(account)/namespace", what: "the namespace", limit: 1_000)
    let text = String(decoding: namespace ?? [], as: UTF8.self).filter { !$0.isWhitespace }
    return ClusterSettings(
      name: inCluster, cluster: cluster, user: user, namespace: text.isEmpty ? "default" : text)
  }
}
