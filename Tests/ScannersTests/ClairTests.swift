import Diagnostics
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import Scanners

struct ClairTests {
  private static let digest = "sha256:" + String(repeating: "c", count: 64)
  private static let path = "/matcher/api/v1/vulnerability_report/\(digest)"

  private func withServer(
    _ answer: MatcherAnswer, token: String? = nil, prefix: String = "", limits: ClairClient.Limits = .init(),
    _ body: (ClairClient) async throws -> Void
  ) async throws -> [HTTPRequestHead] {
    let server = try await Matcher.start(answer)
    do {
      try await body(
        try ClairClient(url: "http://127.0.0.1:\(server.port)\(prefix)", token: token, limits: limits))
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
    return server.requests.heads
  }

  private func failure(_ answer: MatcherAnswer, limits: ClairClient.Limits = .init()) async throws -> BulkheadError? {
    var caught: BulkheadError?
    _ = try await withServer(answer, limits: limits) { client in
      do {
        _ = try await client.report(digest: Self.digest)
      } catch {
        caught = error as? BulkheadError
      }
    }
    return caught
  }

  @Test(arguments: [200, 201])
  func reportsAreFetched(_ status: Int) async throws {
    let body = try Support.corpus("clair").bytes
    var source: ReportSource?
    let heads = try await withServer(.whole(status, body), token: "secret", prefix: "/clair/") { client in
      source = try await client.report(digest: Self.digest.uppercased().replacing("SHA256", with: "sha256"))
    }
    let set = try EvidenceSet.read([try #require(source)])
    #expect(set.images.first?.vulnerabilities.count == 2)
    #expect(heads.map(\.uri) == ["/clair" + Self.path] && heads[0].headers["Authorization"] == ["Bearer secret"])
    #expect(set.images.first?.source.file.contains("secret") == false)
  }

  @Test func withoutATokenNoneIsSent() async throws {
    let heads = try await withServer(.whole(404, [])) { client in
      let report = try await client.report(digest: Self.digest)
      #expect(report == nil)
    }
    #expect(heads.count == 1 && heads[0].headers["Authorization"].isEmpty)
  }

  private static let badAnswers: [(MatcherAnswer, ExitCode, String)] = [
    (.redirect("http://127.0.0.1:1/"), .targetUnreachable, "redirects"),
    (.whole(401, []), .notPermitted, "refuses"), (.whole(403, []), .notPermitted, "refuses"),
    (.whole(500, []), .targetUnreachable, "500"), (.whole(202, []), .targetUnreachable, "202"),
    (.cutOff(1_000, sent: 10), .targetUnreachable, "middle"), (.notHTTP, .badInput, "HTTP"),
    (.hangUp, .targetUnreachable, "closed"),
  ]

  @Test(arguments: badAnswers)
  func badAnswersAreErrors(_ answer: MatcherAnswer, _ exit: ExitCode, _ part: String) async throws {
    let error = try #require(try await failure(answer))
    #expect(error.exit == exit && error.message.contains(part) && !error.cure.isEmpty, "\(error)")
  }

  @Test func silenceEndsAtTheDeadline() async throws {
    var limits = ClairClient.Limits()
    limits.answering = 0.2
    #expect(try await failure(.silence, limits: limits)?.message.contains("did not answer") == true)
  }

  private static let longAnswers: [MatcherAnswer] = [
    .whole(200, [UInt8](repeating: 0x20, count: 2_000)), .cutOff(1_000_000, sent: 10),
  ]

  @Test(arguments: longAnswers)
  func longAnswersAreCut(_ answer: MatcherAnswer) async throws {
    var limits = ClairClient.Limits()
    limits.bytes = 1_000
    #expect(try await failure(answer, limits: limits)?.message.contains("more than 1000 bytes") == true)
  }

  @Test func nobodyThere() async throws {
    let server = try await Matcher.start(.hangUp)
    let port = server.port
    await server.stop()
    let client = try ClairClient(url: "http://127.0.0.1:\(port)")
    await #expect(throws: BulkheadError.self) { try await client.report(digest: Self.digest) }
  }

  @Test(arguments: ["", "sha256:x/../../etc", "nginx", "sha256:\(String(repeating: "c", count: 64))?a=b"])
  func onlyDigestsGetIntoThePath(_ digest: String) async throws {
    let client = try ClairClient(url: "http://127.0.0.1:1")
    await #expect(throws: BulkheadError.self) { try await client.report(digest: digest) }
  }

  @Test(arguments: [
    "https://clair", "clair:6060", "ftp://a", "http://", "http://a:0", "http://a:x", "http://u@a", "http://a?b",
    "http://a#b",
    "http://[::1", "http://a b",
  ])
  func badAddresses(_ text: String) { #expect(throws: BulkheadError.self) { try ClairAddress(text) } }

  @Test func addresses() throws {
    let address = try ClairAddress("http://[::1]:6060/a/")
    #expect((address.host, address.port, address.prefix) == ("::1", 6060, "/a"))
    #expect(address.authority == "[::1]:6060")
    #expect(try ClairAddress("http://clair").port == 80)
  }

  @Test(arguments: ["", "a b", "a\r\nX: y"])
  func badTokens(_ token: String) {
    #expect(throws: BulkheadError.self) { try ClairClient(url: "http://a", token: token) }
  }
}
