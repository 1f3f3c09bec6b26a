import Diagnostics
import FleetModel
import Intake
import Subprocess
import SystemPackage

/// Runs the program of a kubeconfig that prints credentials. No shell, no terminal; time and output are bounded.
struct ExecPlugin: Sendable {
  private static let limit = Duration.seconds(60)
  private static let outputBytes = 1 << 20

  let exec: KubeconfigExec
  let settings: ClusterSettings

  /// - Throws: `BulkheadError(.notPermitted)` for a plugin that fails, `.configuration` for one that is not there or
  ///   prints something else.
  func run() async throws -> Credential {
    var environment = exec.environment
    environment["KUBERNETES_EXEC_INFO"] = JSONText(try info()).text
    let changes = Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })
    let program: Executable = exec.command.contains("/") ? .path(FilePath(exec.command)) : .name(exec.command)
    let arguments = Arguments(exec.arguments)
    do {
      let result = try await withDeadline(Self.limit) {
        try await Subprocess.run(
          program, arguments: arguments, environment: .inherit.updating(changes.mapValues { Optional($0) }),
          output: .string(limit: Self.outputBytes), error: .string(limit: 1 << 16))
      }
      guard result.terminationStatus.isSuccess else {
        let said = result.standardError.split(separator: "\n").suffix(3).joined(separator: "; ").safeForTerminal
        throw problem(.notPermitted, "failed: \(said.isEmpty ? "\(result.terminationStatus)" : said)")
      }
      return try read(Array(result.standardOutput.utf8))
    } catch let error as BulkheadError {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch is LateError {
      throw problem(.notPermitted, "did not end within a minute")
    } catch {
      throw problem(.configuration, "cannot be run, or prints too much", cause: error)
    }
  }

  private func problem(_ exit: ExitCode, _ what: String, cause: (any Error)? = nil) -> BulkheadError {
    BulkheadError(
      exit, "the credential plugin \(exec.command.safeForTerminal) \(what)",
      cure: exec.installHint?.safeForTerminal ?? "run 'kubectl get --raw /version' to see what it wants",
      location: exec.location, cause: cause)
  }

  /// What the plugin is told.
  private func info() throws -> DocumentValue {
    var spec = [DocumentValue.Entry("interactive", .bool(false))]
    if exec.providesClusterInfo {
      let cluster = settings.cluster
      var fields = [DocumentValue.Entry("server", .string(cluster.server))]
      if let name = cluster.tlsServerName { fields.append(.init("tls-server-name", .string(name))) }
      if cluster.skipsVerification { fields.append(.init("insecure-skip-tls-verify", .bool(true))) }
      if let authority = cluster.authority {
        let bytes = try CredentialSource.bytes(authority, "the certificate authority", cluster.location)
        fields.append(.init("certificate-authority-data", .string(Base64.encode(bytes))))
      }
      if let proxy = cluster.proxy { fields.append(.init("proxy-url", .string(proxy))) }
      spec.append(.init("cluster", .mapping(fields)))
    }
    return .mapping([
      .init("apiVersion", .string(exec.apiVersion)), .init("kind", .string("ExecCredential")),
      .init("spec", .mapping(spec)),
    ])
  }

  /// Internal for tests.
  func read(_ output: [UInt8]) throws -> Credential {
    guard let document = try? JSONItem.read(output).value, document["kind"]?.string == "ExecCredential",
      let status = document["status"]
    else { throw problem(.configuration, "prints no ExecCredential with a status") }
    guard document["apiVersion"]?.string == exec.apiVersion else {
      throw problem(.configuration, "prints another apiVersion than \(exec.apiVersion)")
    }
    var credential = Credential()
    if let token = status["token"]?.string, !token.isEmpty {
      credential.authorization = try CredentialSource.bearer(Array(token.utf8), exec.location)
    }
    if let chain = status["clientCertificateData"]?.string, let key = status["clientKeyData"]?.string {
      credential.certificate = ClientCertificate(chain: Array(chain.utf8), key: Array(key.utf8))
    }
    guard credential.authorization != nil || credential.certificate != nil else {
      throw problem(.configuration, "prints neither a token nor a certificate with its key")
    }
    if let text = status["expirationTimestamp"]?.string {
      guard let expires = Moment.rfc3339(text) else {
        throw problem(.configuration, "prints an expirationTimestamp that is no time")
      }
      credential.expires = expires
    }
    return credential
  }
}
