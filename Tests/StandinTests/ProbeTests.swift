import Foundation
import Glibc
import StandinProtocol
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProbeTests {
  private let nonce = UUID().uuidString

  private func probe(
    _ vector: String, nonce: String? = nil, _ facts: [String: String] = [:]
  ) async throws -> ProbeOutcome {
    let order = ProbeOrder(vector: vector, nonce: nonce ?? self.nonce, facts: facts)
    let text = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
    let process = try StandinProcess(["probe", "--order", text])
    var lines: [String] = []
    for await line in process.lines { lines.append(line) }
    #expect(await process.end() == 0)
    #expect(lines.count == 1)
    let outcome = try JSONDecoder().decode(ProbeOutcome.self, from: Data(try #require(lines.first).utf8))
    #expect(outcome.vector == vector)
    return outcome
  }

  private func write(_ text: String, to path: String) {
    #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
  }

  // MARK: L03, L25

  @Test func environmentOfAnotherProcessIsFoundByItsExactValue() async throws {
    let marked = try StandinProcess(["idle"], environment: ["BULKHEAD_FLAG": nonce])
    var ready = marked.lines.makeAsyncIterator()
    #expect(await ready.next() == #"{"ready":true}"#)
    #expect(try await probe("L25").result == .escaped)
    #expect(try await probe("L25", nonce: String(nonce.dropLast())).result == .contained, "a prefix proves nothing")
    let elsewhere = ["flagPath": "/nonexistent-\(nonce)"]
    #expect(try await probe("L03", elsewhere).result == .escaped, "by the process's environment")
    #expect(await marked.end() == 0)
    #expect(try await probe("L25").result == .contained)
    let gone = try await probe("L03", elsewhere)
    #expect(gone.result == .contained)
    #expect(gone.step.hasPrefix("open /proc/1/root/nonexistent"))
    #expect(gone.errno == (canReadRootOfProcess1 ? "ENOENT" : "EACCES"))
  }

  private var canReadRootOfProcess1: Bool { access("/proc/1/root/", X_OK) == 0 }

  /// Where no container surrounds the test, process 1's root is the test's own; needs the right to look at it.
  @Test func flagBelowRootOfProcess1() async throws {
    guard canReadRootOfProcess1 else { return }
    try await withFolder { (folder: String) async throws in
      guard FileManager.default.fileExists(atPath: "/proc/1/root" + folder) else { return }
      write(nonce + "\n", to: folder + "/flag")
      #expect(try await probe("L03", ["flagPath": folder + "/flag"]).result == .escaped)
    }
  }

  @Test func idleEndsWithSIGTERM() async throws {
    let process = try StandinProcess(["idle"])
    var lines = process.lines.makeAsyncIterator()
    _ = await lines.next()
    kill(process.processID, SIGTERM)
    #expect(await lines.next() == nil)
    #expect(await process.end() == 0)
  }

  // MARK: On a real node

  @Test func anUnnamedFileShowsThatAFolderCanBeWrittenAndLeavesNothing() async throws {
    try await withFolder { (folder: String) async throws in
      let facts = ["paths": "\(folder)/missing\n\(folder)", "unnamed": "true"]
      #expect(try await probe("L17", facts).result == .escaped)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      let none = try await probe("L17", ["paths": "\(folder)/missing", "unnamed": "true"])
      #expect(none.result == .contained && none.errno == "ENOENT")
      // A file is no folder, and a file system without such files says nothing.
      write("x", to: folder + "/file")
      #expect(try await probe("L17", ["paths": "\(folder)/file", "unnamed": "true"]).result == .contained)
      #expect(try await probe("L17", ["paths": "/proc", "unnamed": "true"]).result != .escaped)
    }
  }

  private func token(_ subject: String) -> String {
    let claims = Data(#"{"iss":"k","sub":"\#(subject)","x":"~~~???"}"#.utf8).base64EncodedString()
    let url = String(claims.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" })
    return "eyJh.\(url).c2ln"
  }

  @Test func aTokenCountsWhenItIsTheAccountsAndTheAPIServerCanBeReached() async throws {
    try await withFolder { (folder: String) async throws in
      let account = "system:serviceaccount:shop:cart"
      write(token(account) + "\n", to: folder + "/token")
      write(token("system:serviceaccount:shop:other"), to: folder + "/other")
      write("no token", to: folder + "/text")
      func result(_ file: String) async throws -> ProbeOutcome {
        try await probe("K08", ["paths": "\(folder)/\(file)", "subject": account])
      }
      for file in ["other", "text", "missing"] { #expect(try await result(file).result == .contained) }
      // Nobody told the probe where the API server is.
      #expect(try await result("token").result == .inconclusive)
    }
  }

  @Test func aRuntimeThatSpeaksHTTP2AloneIsAskedAsTheKubeletAsks() async throws {
    try await withFolder { (folder: String) async throws in
      let path = folder + "/runtime.sock"
      let server = try FakeRuntime(path: path, answer: Array("\u{0}\u{1}B\(nonce)B".utf8))
      defer { server.stop() }
      let facts = ["paths": path, "label": "bulkhead.dev/probe=scenery"]
      let seen = try await probe("L20", facts)
      #expect(seen.result == .escaped, "\(seen.step)")
      // Without the label nobody is asked in that way.
      #expect(try await probe("L20", ["paths": path]).result == .contained)
      #expect(try await probe("L20", nonce: UUID().uuidString, facts).result == .contained)
    }
  }

  // MARK: L17, L18

  @Test func writableFolders() async throws {
    try await withFolder { folder in
      let paths = ["paths": "\(folder)/missing\n\(folder)"]
      #expect(try await probe("L17", paths).result == .escaped)
      let left = try String(contentsOfFile: "\(folder)/bulkhead-\(nonce)", encoding: .utf8)
      #expect(left == nonce)
      let again = try await probe("L17", paths)
      #expect(again.result == .inconclusive, "what an earlier try left proves nothing")
      #expect(again.errno == "EEXIST")
      let none = try await probe("L17", ["paths": "\(folder)/missing"])
      #expect(none.result == .contained)
      #expect(none.errno == "ENOENT")
      #expect(try await probe("L17").result == .inconclusive, "no folder to try")
    }
  }

  @Test func files() async throws {
    try await withFolder { folder in
      write(nonce + "\n", to: folder + "/exact")
      write(nonce + "x", to: folder + "/longer")
      write(String(nonce.dropLast()), to: folder + "/shorter")
      write("", to: folder + "/masked")
      #expect(try await probe("L18", ["paths": "\(folder)/none\n\(folder)/exact"]).result == .escaped)
      for name in ["longer", "shorter", "masked"] {
        let outcome = try await probe("L18", ["paths": "\(folder)/\(name)"])
        #expect(outcome.result == .contained)
        #expect(outcome.errno == nil)
      }
      #expect(try await probe("L18", ["paths": folder + "/none"]).errno == "ENOENT")
      #expect(try await probe("L18", ["paths": "\(folder)/exact/below"]).errno == "ENOTDIR")
    }
  }

  // MARK: L20, L23, K08, K14 against a node

  private func withNode(
    _ configuration: NodeConfiguration, in folder: String, _ body: ([String]) async throws -> Void
  ) async throws {
    let file = folder + "/node.json"
    try JSONEncoder().encode(configuration).write(to: URL(filePath: file))
    let node = try StandinProcess(["node", "--config", file])
    var lines = node.lines.makeAsyncIterator()
    let line = try #require(await lines.next())
    let report = try JSONDecoder().decode(NodeReport.self, from: Data(line.utf8))
    #expect(report.ready)
    try await body((report.ports ?? []).map(String.init))
    #expect(await node.end() == 0)
  }

  @Test func runtimeSocket() async throws {
    try await withFolder { folder in
      let socket = folder + "/run/containerd/containerd.sock"
      let node = NodeConfiguration(sockets: [.init(path: socket, mode: 0o660, body: #"[{"Id":"\#(nonce)"}]"#)])
      try await withNode(node, in: folder) { (_: [String]) async throws in
        var status = stat()
        #expect(stat(socket, &status) == 0 && status.st_mode & 0o777 == 0o660)
        #expect(try await probe("L20", ["paths": "\(folder)/none\n\(socket)"]).result == .escaped)
        #expect(try await probe("L20", nonce: String(nonce.dropLast()), ["paths": socket]).result == .contained)
      }
      #expect(try await probe("L20", ["paths": socket]).errno == "ECONNREFUSED", "nobody behind the socket any more")
      #expect(try await probe("L20", ["paths": folder + "/none"]).errno == "ENOENT")
    }
  }

  @Test(arguments: ["L23", "K14"])
  func plainServices(_ vector: String) async throws {
    try await withFolder { folder in
      let path = vector == "K14" ? "/latest/meta-data/" : "/"
      let node = NodeConfiguration(servers: [.init(address: "127.0.0.1", port: 0, path: path, body: "key=\(nonce)\n")])
      var facts = ["address": "127.0.0.1", "port": "", "timeoutMilliseconds": "10000"]
      try await withNode(node, in: folder) { (ports: [String]) async throws in
        facts["port"] = ports[0]
        #expect(try await probe(vector, facts).result == .escaped)
        #expect(try await probe(vector, nonce: nonce + "x", facts).result == .contained)
      }
      let refused = try await probe(vector, facts)
      #expect(refused.result == .contained)
      #expect(refused.errno == "ECONNREFUSED")
      #expect(try await probe(vector, ["address": "127.0.0.1"]).result == .inconclusive, "no port")
      facts["address"] = "a.name"
      #expect(try await probe(vector, facts).result == .inconclusive, "names are not looked up")
    }
  }

  @Test func noAnswerIsATimeOut() async throws {
    let silent = try FakeServer { _, _ in }
    defer { silent.close() }
    let outcome = try await probe(
      "K14", ["address": "127.0.0.1", "port": "\(silent.port)", "timeoutMilliseconds": "100"])
    #expect(outcome.result == .contained)
    #expect(outcome.errno == "ETIMEDOUT")
  }

  @Test func aClosedConnectionAndARefusalAreContained() async throws {
    for (text, part) in [("", "closed without an answer"), ("HTTP/1.1 403 Forbidden\r\n\r\nno", "403")] {
      let server = try FakeServer { connection, _ in
        _ = connection.read(through: "\r\n\r\n")
        connection.write(text)
        connection.shut()
      }
      defer { server.close() }
      let outcome = try await probe("L23", ["address": "127.0.0.1", "port": "\(server.port)"])
      #expect(outcome.result == .contained)
      #expect(outcome.step.contains(part), "\(outcome)")
    }
  }

  @Test func serviceAccountToken() async throws {
    try await withFolder { folder in
      write("right\n", to: folder + "/token")
      write("wrong", to: folder + "/other")
      let server = NodeConfiguration.AddressServer(
        address: "127.0.0.1", port: 0, path: "/api", bearer: "right", body: #"{"items":["\#(nonce)"]}"#)
      try await withNode(NodeConfiguration(servers: [server]), in: folder) { (ports: [String]) async throws in
        var facts = ["address": "127.0.0.1", "port": ports[0], "timeoutMilliseconds": "10000"]
        facts["paths"] = folder + "/token"
        #expect(try await probe("K08", facts).result == .escaped)
        facts["paths"] = folder + "/other"
        let wrong = try await probe("K08", facts)
        #expect(wrong.result == .contained)
        #expect(wrong.step.contains("401"), "\(wrong)")
        facts["paths"] = folder + "/none"
        #expect(try await probe("K08", facts).errno == "ENOENT")
        #expect(try await httpGet(port: Int(ports[0]) ?? 0, path: "/apis").status == 404)
      }
    }
  }

  // MARK: orders

  @Test func unusableOrdersAreInconclusive() async throws {
    #expect(try await probe("L99").result == .inconclusive)
    for bad in ["", "short", "../../../etc/x", "new\nline\nnonce"] {
      #expect(try await probe("L25", nonce: bad).result == .inconclusive, "\(bad)")
    }
  }

  @Test func allOrdersAreReadBeforeAnyIsCarriedOut() async throws {
    try await withFolder { folder in
      let order = ProbeOrder(vector: "L17", nonce: nonce, facts: ["paths": folder])
      let text = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
      let broken = try StandinProcess(["probe", "--order", text, "--order", "{"])
      #expect(await broken.end() == 65)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      let both = try StandinProcess(["probe", "--order", text, "--order", text])
      var results: [ProbeOutcome.Result] = []
      for await line in both.lines {
        results.append(try JSONDecoder().decode(ProbeOutcome.self, from: Data(line.utf8)).result)
      }
      await both.end()
      #expect(results == [.escaped, .inconclusive])
    }
  }
}

/// A socket whose owner answers those who begin in HTTP/2 and ask for pods with a label, and hangs up on all others.
private final class FakeRuntime: Sendable {
  private let descriptor: Int32

  init(path: String, answer: [UInt8]) throws {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(listener, 8) == 0 else { throw POSIXError(.EIO) }
    descriptor = listener
    Thread.detachNewThread {
      while true {
        let peer = accept(listener, nil, nil)
        guard peer >= 0 else { return }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(peer, &bytes, bytes.count)
        let request = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let isAsked =
          request.hasPrefix("PRI * HTTP/2.0") && request.contains("/runtime.v1.RuntimeService/ListPodSandbox")
          && request.contains("bulkhead.dev/probe") && request.contains("scenery")
        if isAsked { _ = write(peer, answer, answer.count) }
        close(peer)
      }
    }
  }

  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }
}
