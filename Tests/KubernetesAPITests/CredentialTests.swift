import Diagnostics
import Foundation
import Synchronization
import Testing

@testable import KubernetesAPI

struct CredentialTests {
  private func settings(_ change: (inout KubeconfigUser) -> Void) -> ClusterSettings {
    var user = KubeconfigUser(location: Fixtures.place)
    change(&user)
    return ClusterSettings(
      name: "x", cluster: KubeconfigCluster(server: "https://h", location: Fixtures.place), user: user,
      namespace: "default")
  }

  /// A plugin that counts its runs and prints a credential.
  private func plugin(_ folder: String, _ output: String, exit code: Int = 0) throws -> KubeconfigExec {
    let script = """
      #!/bin/sh
      echo run >> \(folder)/runs
      cat <<'END'
      \(output)
      END
      echo some trouble >&2
      exit \(code)

      """
    try Fixtures.write(script, "\(folder)/plugin", mode: 0o700)
    var exec = KubeconfigExec(
      command: "\(folder)/plugin", apiVersion: "client.authentication.k8s.io/v1", location: Fixtures.place)
    exec.installHint = "install it"
    return exec
  }

  private func runs(_ folder: String) throws -> Int {
    try TrustedFile.read("\(folder)/runs", what: "runs").count { $0 == 0x0A }
  }

  private func credential(_ status: String) -> String {
    #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{\#(status)}}"#
  }

  @Test func aPluginRunsUntilItsCredentialEndsOrIsRefused() async throws {
    try await Fixtures.folder { folder in
      let exec = try plugin(
        folder, credential(#""token":"t-1","expirationTimestamp":"2026-01-01T00:10:00Z""#))
      let clock = Mutex(try #require(Moment.rfc3339("2026-01-01T00:00:00Z")))
      let source = CredentialSource(settings { $0.exec = exec }, now: { clock.withLock(\.self) })
      let first = try await source.credential()
      #expect(first.authorization == "Bearer t-1")
      _ = try await source.credential()
      #expect(try runs(folder) == 1)
      clock.withLock { $0 += 595 }
      _ = try await source.credential()
      #expect(try runs(folder) == 2)
      // It prints the same end again, so that each request runs it until the server's clock is trusted.
      clock.withLock { $0 -= 300 }
      _ = try await source.credential()
      #expect(try runs(folder) == 2)
      #expect(await source.reject(first))
      _ = try await source.credential()
      #expect(try runs(folder) == 3)
    }
  }

  /// Renewed in good time, so that a plugin that fails for a moment harms nobody.
  @Test func aGoodCredentialOutlivesAFailingPlugin() async throws {
    try await Fixtures.folder { folder in
      let exec = try plugin(folder, credential(#""token":"t-1","expirationTimestamp":"2026-01-01T00:10:00Z""#))
      let clock = Mutex(try #require(Moment.rfc3339("2026-01-01T00:00:00Z")))
      let source = CredentialSource(settings { $0.exec = exec }, now: { clock.withLock(\.self) })
      _ = try await source.credential()
      _ = try plugin(folder, "", exit: 1)
      clock.withLock { $0 += 595 }
      #expect(try await source.credential().authorization == "Bearer t-1")
      #expect(try runs(folder) == 2)
      clock.withLock { $0 += 5 }
      await #expect(throws: BulkheadError.self) { try await source.credential() }
    }
  }

  /// Whoever goes away ends the run of the plugin, but not for those who wait for it as well.
  @Test func whoeverStillWaitsBeginsAnew() async throws {
    try await Fixtures.folder { folder in
      var exec = try plugin(folder, credential(#""token":"t-1""#))
      let text = "#!/bin/sh\nmkdir \(folder)/first 2>/dev/null && exec sleep 60\nexec \(folder)/plugin\n"
      try Fixtures.write(text, "\(folder)/slow", mode: 0o700)
      exec.command = "\(folder)/slow"
      let source = CredentialSource(settings { $0.exec = exec })
      let first = Task { try await source.credential() }
      while !FileManager.default.fileExists(atPath: "\(folder)/first") { await Task.yield() }
      let second = Task { try await source.credential() }
      // Once it has been asked, the second one waits for the first one's run.
      _ = await source.reject(Credential())
      first.cancel()
      await #expect(throws: CancellationError.self) { try await first.value }
      #expect(try await second.value.authorization == "Bearer t-1")
    }
  }

  @Test(arguments: [
    ("", 1, "failed: some trouble", ExitCode.notPermitted), ("nothing", 0, "prints no ExecCredential", .configuration),
    (
      #"{"apiVersion":"other/v1","kind":"ExecCredential","status":{"token":"x"}}"#, 0, "another apiVersion",
      .configuration
    ),
    (
      #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}"#, 0, "neither a token",
      .configuration
    ),
    (
      #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"a b"}}"#, 0,
      "blanks or line breaks", .configuration
    ),
  ])
  func aBadPluginIsAnError(_ output: String, _ code: Int, _ message: String, _ exit: ExitCode) async throws {
    try await Fixtures.folder { folder in
      let exec = try plugin(folder, output, exit: code)
      let source = CredentialSource(settings { $0.exec = exec })
      do {
        _ = try await source.credential()
        Issue.record("no error")
      } catch let error as BulkheadError {
        #expect(error.message.contains(message) && error.exit == exit, "\(error)")
      }
    }
  }

  @Test func tokenFilesAreReadAgain() async throws {
    try await Fixtures.folder { folder in
      let file = "\(folder)/token"
      try Fixtures.write("one\n", file)
      let clock = Mutex(1_000)
      let source = CredentialSource(settings { $0.tokenFile = file }, now: { clock.withLock(\.self) })
      #expect(try await source.credential().authorization == "Bearer one")
      try Fixtures.write("two", file)
      #expect(try await source.credential().authorization == "Bearer one")
      clock.withLock { $0 += 61 }
      #expect(try await source.credential().authorization == "Bearer two")
    }
    let basic = CredentialSource(
      settings {
        $0.username = "Aladdin"
        $0.password = "open sesame"
      })
    #expect(try await basic.credential().authorization == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:30:15.5Z", 951_827_415), ("2026-11-21T11:37:19+02:00", 1_795_253_839),
    ("2026-11-21T11:37:19", nil), ("2026-13-01T00:00:00Z", nil), ("", nil), ("2026-11-21T11:37:19+0200", nil),
    ("２026-11-21T11:37:19Z", nil),
  ])
  func timesAreRead(_ text: String, _ seconds: Int?) { #expect(Moment.rfc3339(text) == seconds) }

  @Test func datesOfHTTPAreRead() {
    #expect(Moment.httpDate("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    for text in ["", "Sun, 06 Nov 1994 08:49:37 CET", "a b c d e GMT", "Sun, 99 Nov 1994 08:49:37 GMT"] {
      #expect(Moment.httpDate(text) == nil)
    }
  }

  @Test func base64GoesRound() {
    var random = FixedSeedGenerator(3)
    for length in 0..<200 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
    for text in ["A", "A===", "AA=A", "A*AA", "é"] { #expect(Base64.decode(text) == nil, "\(text)") }
  }
}
