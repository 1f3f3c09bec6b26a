import Diagnostics
import Yams

/// Reads one kubeconfig. Pure: what a file names is looked up later.
struct KubeconfigReader {
  /// Absolute, for relative paths in the file.
  let folder: String
  /// Why programs that the file names may not be run; nil where they may.
  let distrust: String?

  /// - Throws: `BulkheadError(.configuration)` with file and line.
  func read(_ bytes: [UInt8], file: String) throws -> Kubeconfig {
    var config = Kubeconfig()
    config.files = [file]
    // An empty file is a kubeconfig without content.
    guard let root = try KubeconfigNode.parse(bytes, file: file), !root.isNull else { return config }
    if let kind = try root.string("kind"), kind != "Config" {
      throw root.problem("this is a \(kind.safeForTerminal), not a kubeconfig", cure: "name one of kind: Config")
    }
    config.currentContext = try root.string("current-context")
    try entries(root, "clusters", "cluster") { config.clusters[$0] = try config.clusters[$0] ?? cluster($1) }
    try entries(root, "users", "user") { config.users[$0] = try config.users[$0] ?? user($1) }
    try entries(root, "contexts", "context") { config.contexts[$0] = try config.contexts[$0] ?? context($1) }
    return config
  }

  /// The named entries of a list.
  private func entries(
    _ root: KubeconfigNode, _ list: String, _ field: String, _ body: (String, KubeconfigNode) throws -> Void
  ) throws {
    for element in try root.elements(list) {
      guard let name = try element.string("name") else {
        throw element.problem("the entry has no name", cure: "give it a name, or remove it")
      }
      // 'kubectl config set-credentials NAME' without more leaves no field, which means an empty one.
      let empty = KubeconfigNode(node: Yams.Node.mapping(Yams.Node.Mapping([])), file: element.file, path: element.path)
      try body(name, try element[field] ?? empty)
    }
  }

  private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }

  private func data(_ node: KubeconfigNode, _ key: String) throws -> KubeconfigData? {
    if let text = try node["\(key)-data"], !(try text.string()).isEmpty {
      guard let bytes = Base64.decode(try text.string()) else {
        throw text.problem("this is no Base64", cure: "write it with 'kubectl config set … --embed-certs'")
      }
      return .bytes(bytes)
    }
    return try node.string(key).map { .file(absolute($0)) }
  }

  private func cluster(_ node: KubeconfigNode) throws -> KubeconfigCluster {
    var cluster = KubeconfigCluster(server: try node.string("server") ?? "", location: node.location)
    cluster.authority = try data(node, "certificate-authority")
    cluster.tlsServerName = try node.string("tls-server-name")
    cluster.skipsVerification = try node.bool("insecure-skip-tls-verify")
    cluster.proxy = try node.string("proxy-url")
    cluster.disablesCompression = try node.bool("disable-compression")
    return cluster
  }

  private func context(_ node: KubeconfigNode) throws -> KubeconfigContext {
    KubeconfigContext(
      cluster: try node.string("cluster") ?? "", user: try node.string("user") ?? "",
      namespace: try node.string("namespace"), location: node.location)
  }

  private func user(_ node: KubeconfigNode) throws -> KubeconfigUser {
    var user = KubeconfigUser(location: node.location)
    user.certificate = try data(node, "client-certificate")
    user.key = try data(node, "client-key")
    user.token = try node.string("token")
    user.tokenFile = try node.string("tokenFile").map(absolute)
    user.username = try node.string("username")
    user.password = try node.string("password")
    user.impersonation = Impersonation(
      user: try node.string("as"), groups: try node.elements("as-groups").map { try $0.string() },
      uid: try node.string("as-uid"))
    user.impersonation.extra = try extra(node)
    if let exec = try node["exec"] {
      user.exec = try self.exec(exec)
      user.refusal = try refusal(exec)
    }
    if let provider = try node["auth-provider"] {
      user.refusal = KubeconfigRefusal(
        message: "auth-provider is no longer part of Kubernetes",
        cure: "use an exec plugin of your cloud, such as gke-gcloud-auth-plugin", location: provider.location)
    }
    return user
  }

  private func extra(_ node: KubeconfigNode) throws -> [String: [String]] {
    guard let extra = try node["as-user-extra"], case .mapping(let mapping) = extra.node else { return [:] }
    var result: [String: [String]] = [:]
    for (key, _) in mapping {
      guard let name = key.scalar?.string else { continue }
      result[name] = try extra.elements(name).map { try $0.string() }
    }
    return result
  }

  private func exec(_ node: KubeconfigNode) throws -> KubeconfigExec {
    guard let command = try node.string("command") else {
      throw node.problem("the exec plugin has no command", cure: "add it")
    }
    // With a path the command counts from the kubeconfig's folder; a bare name is looked up in PATH.
    var exec = KubeconfigExec(
      command: command.contains("/") ? absolute(command) : command,
      apiVersion: try node.string("apiVersion") ?? "", location: node.location)
    exec.arguments = try node.elements("args").map { try $0.string() }
    for variable in try node.elements("env") {
      guard let name = try variable.string("name") else { throw variable.problem("it has no name", cure: "add it") }
      exec.environment[name] = try variable["value"]?.string() ?? ""
    }
    exec.installHint = try node.string("installHint")
    exec.providesClusterInfo = try node.bool("provideClusterInfo")
    return exec
  }

  /// Why the program is not run: said only when its user is chosen.
  private func refusal(_ node: KubeconfigNode) throws -> KubeconfigRefusal? {
    func refused(_ message: String, _ cure: String) -> KubeconfigRefusal {
      KubeconfigRefusal(message: message, cure: cure, location: node.location)
    }
    if let distrust {
      return refused(
        "the kubeconfig names a program for credentials, which is not run because \(distrust)",
        "make the file and its folder your own: chmod go-w, and not in a folder that all may write to")
    }
    if try node.string("interactiveMode") == "Always" {
      return refused(
        "the credential plugin wants to ask questions (interactiveMode: Always)",
        "use interactiveMode: IfAvailable, or a token")
    }
    let known = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]
    guard let version = try node.string("apiVersion"), known.contains(version) else {
      return refused("the exec plugin's apiVersion is none of \(known.joined(separator: ", "))", "update the plugin")
    }
    return nil
  }
}

/// Base64 as Kubernetes writes it; line breaks are passed over.
enum Base64 {
  static func decode(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var (value, bits, padding): (UInt32, Int, Int) = (0, 0, 0)
    result.reserveCapacity(text.utf8.count / 4 * 3)
    for byte in text.utf8 {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = byte - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = byte - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): digit = 62
      case UInt8(ascii: "/"): digit = 63
      case UInt8(ascii: "="):
        padding += 1
        continue
      case 0x20, 0x0A, 0x0D, 0x09: continue
      default: return nil
      }
      guard padding == 0 else { return nil }
      value = value << 6 | UInt32(digit)
      bits += 6
      if bits >= 8 {
        bits -= 8
        result.append(UInt8(truncatingIfNeeded: value >> UInt32(bits)))
        value &= (1 << UInt32(bits)) - 1
      }
    }
    // A quantum of one digit holds no byte; a quantum of two or three may be padded, not more.
    guard bits != 6, padding <= 2 else { return nil }
    return result
  }

  static func encode(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let value = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
      for position in 0..<4 {
        let isDigit = position <= part.count
        result.append(isDigit ? digits[Int(value >> UInt32(18 - 6 * position) & 63)] : UInt8(ascii: "="))
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
