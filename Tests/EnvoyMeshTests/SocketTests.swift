import EnvoyMesh
import Foundation
import IntentModel
import Testing

/// The socket decides who is asking, whatever the request says.
@Suite struct SocketTests {
  /// Asks on a unix socket like a sidecar does; prints status and body.
  private static let client = #"""
    import http.client, json, socket, sys
    class Connection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(sys.argv[1])
    connection = Connection("xds")
    body = sys.argv[4] if not sys.argv[4].startswith("@") else "x" * int(sys.argv[4][1:])
    try:
        connection.request(sys.argv[2], sys.argv[3], body, {"content-type": "application/json"})
        reply = connection.getresponse()
        print(reply.status, reply.read().decode())
    except OSError as error: print("closed", error)
    """#

  private func withSockets(_ body: (EnvoyDataPlane, _ a: String, _ b: String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "bhs\(UInt32.random(in: 0...UInt32.max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let plane = try EnvoyDataPlane()
    let pods = [Shop.pod("web", Shop.web, 2), Shop.pod("api", Shop.api, 3)]
    do {
      try await plane.publish(MeshState(services: [Shop.service], pods: pods))
      let paths = pods.map { folder.appendingPathComponent("\($0.id).sock").path }
      for (pod, path) in zip(pods, paths) {
        _ = try await plane.attach(pod, socketPath: path, socketInContainer: "/run/xds.sock")
      }
      try await body(plane, paths[0], paths[1])
    } catch {
      await plane.stop()
      throw error
    }
    await plane.stop()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty, "sockets were left behind")
  }

  private func ask(_ socket: String, _ method: String, _ path: String, _ body: String) async throws -> String {
    try await run(["python3", "-c", Self.client, socket, method, path, body])
  }

  @Test func aSocketYieldsItsOwnKeyAlone() async throws {
    try await withSockets { plane, web, api in
      let lie = #"{"node":{"id":"api","cluster":"shop/api"},"resource_names":["svid"]}"#
      let fromWeb = try await ask(web, "POST", "/v3/discovery:secrets", lie)
      let fromAPI = try await ask(api, "POST", "/v3/discovery:secrets", lie)
      #expect(fromWeb.hasPrefix("200") && fromWeb.contains("PRIVATE KEY"))
      #expect(fromWeb != fromAPI)
      #expect(try identity(in: fromWeb) == "spiffe://bulkhead.local/ns/shop/sa/web")
      #expect(try identity(in: fromAPI) == "spiffe://bulkhead.local/ns/shop/sa/api")
      let bootstrap = try await plane.attach(
        Shop.pod("web", Shop.web, 2, wrongs: [.adminExposed]), socketPath: web, socketInContainer: "/run/xds.sock")
      #expect(bootstrap.files["bootstrap.json"]?.contains(#""port_value":15000"#) == true)
    }
  }

  @Test func badRequestsAreTurnedAway() async throws {
    try await withSockets { _, web, _ in
      #expect(try await ask(web, "GET", "/v3/discovery:secrets", "").hasPrefix("405"))
      #expect(try await ask(web, "POST", "/v3/discovery:secrets", "{").hasPrefix("400"))
      #expect(try await ask(web, "POST", "/v3/unknown", "{}").hasPrefix("400"))
      #expect(try await ask(web, "POST", "/" + String(repeating: "x", count: 100_000), "{}").hasPrefix("200") == false)
      let large = try await ask(web, "POST", "/v3/discovery:clusters", "@3000000")
      #expect(large.hasPrefix("413") || large.hasPrefix("closed"), "\(large)")
      #expect(try await ask(web, "POST", "/v3/discovery:clusters", "{}").hasPrefix("200"))
    }
  }

  private func identity(in reply: String) throws -> String? {
    let text = reply.replacing("\\n", with: "\n")
    let start = try #require(text.firstRange(of: "-----BEGIN CERTIFICATE-----"))
    let end = try #require(text.firstRange(of: "-----END CERTIFICATE-----"))
    return try certificateURI(String(text[start.lowerBound..<end.upperBound]))
  }
}
