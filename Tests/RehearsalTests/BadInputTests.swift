import Foundation
import Glibc
import Testing

extension RehearsalTests {
  /// One clear message with a cure, the right exit code, and nothing made.
  @Suite("that cannot begin", .serialized)
  struct Refused {
    struct Case: CustomTestStringConvertible {
      var name: String
      var bytes: @Sendable () -> Data
      /// What the message must speak of.
      var says: String
      var testDescription: String { name }

      init(_ name: String, says: String, _ text: @autoclosure @escaping @Sendable () -> String) {
        self.name = name
        self.says = says
        bytes = { Data(text().utf8) }
      }
    }

    static let cases = [
      Case("an empty file", says: "input.yaml", ""),
      Case("a binary file", says: "input.yaml:1", "\u{7F}ELF\u{2}\u{1}\u{0}\u{0}\u{3}"),
      Case("a file that breaks off", says: "input.yaml:", "kind: Deployment\nmetadata: {name: a, nam"),
      Case(
        "a document that is too big", says: "10000000",
        "kind: ConfigMap\ndata:\n  a: " + String(repeating: "a", count: 10_500_000)),
      Case(
        "an alias bomb", says: "input.yaml",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
          + (1...8).map { level in
            let (name, below) = (Unicode.Scalar(UInt8(97 + level)), Unicode.Scalar(UInt8(96 + level)))
            return "\(name): &\(name) [\(Array(repeating: "*\(below)", count: 10).joined(separator: ", "))]\n"
          }.joined()),
      Case("nesting without end", says: "input.yaml", String(repeating: "[", count: 5000)),
      Case(
        "services without workloads", says: "no workload",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}, ports: [{port: 80}]}\n"),
    ]

    @Test("for what is in the file", arguments: cases)
    func content(input: Case) async throws {
      try await Folder.with { folder in
        try folder.write("input.yaml", input.bytes())
        try await refused(["rehearse", "-f", "input.yaml"], folder, code: 65, says: [input.says])
      }
    }

    @Test("for what is no file", arguments: ["nowhere.yaml", "pipe", "bare"])
    func noFile(name: String) async throws {
      try await Folder.with { folder in
        mkfifo(folder.path + "/pipe", 0o600)
        mkdir(folder.path + "/bare", 0o700)
        try await refused(["rehearse", "-f", name], folder, code: 65, says: [name])
      }
    }

    @Test("without Envoy")
    func noEnvoy() async throws {
      try await Folder.withFleet { folder in
        try await refused(
          ["rehearse", "-f", "fleet"], folder, code: 78, says: ["/nowhere/envoy", "BULKHEAD_ENVOY"],
          environment: ["BULKHEAD_ENVOY": "/nowhere/envoy"])
      }
    }

    /// The program's own folders are fixed, so runc is hidden where only this one run looks.
    @Test("without runc")
    func noRunc() async throws {
      let runc = try #require(Requirements.path(of: "runc"))
      try await Folder.withFleet { folder in
        let hide = "mount --bind /dev/null \"$1\" && shift && exec \"$@\""
        try await refused(
          ["rehearse", "-f", "fleet"], folder, code: 78, says: ["runc", "apt-get install runc"],
          through: ["unshare", "--mount", "sh", "-c", hide, "sh", runc])
      }
    }

    @Test("without root")
    func noRoot() async throws {
      try await Folder.withFleet { folder in
        // Copies, because nobody else may read the folder this was built in.
        let built = URL(filePath: Program.path).deletingLastPathComponent().path
        mkdir(folder.path + "/programs", 0o755)
        for name in ["bulkhead", "bulkhead-init", "bulkhead-standin"] {
          try FileManager.default.copyItem(atPath: "\(built)/\(name)", toPath: "\(folder.path)/programs/\(name)")
        }
        chmod(folder.path, 0o777)
        try await refused(
          ["rehearse", "-f", "fleet"], folder, code: 77, says: ["root", "sudo"],
          environment: ["BULKHEAD_ENVOY": "/bin/true"],
          through: ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"],
          program: "\(folder.path)/programs/bulkhead")
      }
    }

    private func refused(
      _ arguments: [String], _ folder: Folder, code: Int32, says: [String], environment: [String: String] = [:],
      through prefix: [String] = [], program: String = Program.path
    ) async throws {
      let ending = try await Program.run(
        arguments + ["--out", "out"], in: folder, environment: environment, through: prefix, program: program)
      #expect(ending.code == code, "\(ending.messages)")
      #expect(
        ending.messages.hasPrefix("bulkhead: ") && !ending.messages.contains("\nbulkhead: "), "\(ending.messages)")
      #expect(ending.messages.contains("\n  cure: "), "\(ending.messages)")
      for text in says { #expect(ending.messages.contains(text), "\(ending.messages)") }
      #expect(ending.output.isEmpty)
      #expect(!folder.holds("out"), "nothing is made for what cannot begin")
      #expect(ending.left == [])
    }
  }
}
