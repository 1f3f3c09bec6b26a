import Foundation
import Glibc
import Testing

/// A running cluster, of these tests' own or named in `BULKHEAD_TEST_KUBECONFIG`.
struct Cluster: Sendable {
  /// The one that the trait `.cluster` started around the suite.
  @TaskLocal static var shared: Cluster?

  static let foreign = ProcessInfo.processInfo.environment["BULKHEAD_TEST_KUBECONFIG"]
  static let canBeMade = geteuid() == 0 && access(Tool.parts + "/edition", R_OK) == 0
  static let whyNot: Comment = "needs root and what Scripts/kubernetes/build makes, or BULKHEAD_TEST_KUBECONFIG"

  /// Everything that it writes; nil for a foreign one.
  var folder: String?
  var kubeconfig: String

  static func current() throws -> Cluster { try #require(shared, "the suite lacks the trait .cluster") }

  /// Starts one; the caller ends it with `down`. It ends with this process in any case.
  static func up(in folder: String, images: [String] = [], owner: Int32 = getpid()) async throws -> Cluster {
    let words = [Tool.script("up"), folder, "--owner", "\(owner)"] + images.flatMap { ["--image", $0] }
    let ending = try await Tool.run(words)
    guard ending.code == 0 else { throw ToolFailure(words: words, ending: ending) }
    return Cluster(folder: folder, kubeconfig: ending.output.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  @discardableResult
  static func down(_ folder: String) async throws -> Tool.Ending {
    let words = [Tool.script("down"), folder]
    let ending = try await Tool.run(words)
    guard ending.code == 0 else { throw ToolFailure(words: words, ending: ending) }
    return ending
  }

  /// Whatever the exit code.
  func tryKubectl(_ words: [String], input: String = "") async throws -> Tool.Ending {
    let own = Tool.parts + "/usr/bin/kubectl"
    let program = access(own, X_OK) == 0 ? own : "/usr/bin/kubectl"
    return try await Tool.run([program, "--kubeconfig", kubeconfig] + words, input: input)
  }

  /// What kubectl wrote; fails when it fails.
  @discardableResult
  func kubectl(_ words: String..., input: String = "") async throws -> String {
    let ending = try await tryKubectl(words, input: input)
    guard ending.code == 0 else { throw ToolFailure(words: ["kubectl"] + words, ending: ending) }
    return ending.output
  }

  /// Deletes namespaces, where they are there, and waits until they are gone. Their pods go first: each time that the
  /// namespace controller finds one left it waits twice as long, up to a minute, before it looks again.
  func deleteNamespaces(_ names: String...) async throws {
    for name in names {
      try await kubectl(
        "-n", name, "delete", "deployments,replicasets,statefulsets,daemonsets", "--all", "--timeout=120s")
      try await kubectl("-n", name, "delete", "pods", "--all", "--grace-period=1", "--timeout=120s")
      try await kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=300s")
    }
  }
}

/// Images made of the package's own products.
enum Image {
  /// With `sleep`, for pods that go on for a while when they are to end.
  static func standin(in folder: String) async throws -> String {
    try await make("bulkhead.test/standin:1", of: [Tool.product("bulkhead-standin"), "/usr/bin/sleep"], in: folder)
  }

  /// What a rollout needs.
  static func rollout(in folder: String) async throws -> [String] {
    let bulkhead = try await make(
      "bulkhead.test/bulkhead:1", of: [Tool.product("bulkhead"), "/usr/sbin/nft"], in: folder)
    let envoy = try await make("bulkhead.test/envoy:1", of: [try #require(envoy)], in: folder)
    return [try await standin(in: folder), bulkhead, envoy]
  }

  static let envoy: String? = {
    let named = ProcessInfo.processInfo.environment["BULKHEAD_ENVOY"] ?? Tool.project + "/.tools/envoy"
    return access(named, X_OK) == 0 ? named : nil
  }()

  static func make(_ name: String, of programs: [String], in folder: String) async throws -> String {
    let file = "\(folder)/\(URL(filePath: programs[0]).lastPathComponent).tar"
    let words = [Tool.script("image"), name] + programs + ["-o", file]
    let ending = try await Tool.run(words)
    guard ending.code == 0 else { throw ToolFailure(words: words, ending: ending) }
    return file
  }
}

/// One cluster for all tests of a suite, with images of the package's own in it; it must leave nothing behind.
struct ClusterTrait: SuiteTrait, TestScoping {
  var images: @Sendable (String) async throws -> [String] = { [try await Image.standin(in: $0)] }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    if let kubeconfig = Cluster.foreign {
      return try await Cluster.$shared.withValue(Cluster(kubeconfig: kubeconfig), operation: function)
    }
    let before = HostState()
    try await withFolder { folder in
      let cluster = try await Cluster.up(in: folder + "/cluster", images: try await images(folder))
      let traces = try Traces(of: folder + "/cluster")
      do {
        try await Cluster.$shared.withValue(cluster, operation: function)
      } catch {
        _ = try? await Cluster.down(folder + "/cluster")
        throw error
      }
      try await Cluster.down(folder + "/cluster")
      #expect(traces.left().isEmpty)
    }
    #expect(HostState() == before)
  }
}

extension Trait where Self == ClusterTrait {
  static var cluster: Self { ClusterTrait() }
  static var clusterForRollouts: Self { ClusterTrait(images: Image.rollout) }
}
