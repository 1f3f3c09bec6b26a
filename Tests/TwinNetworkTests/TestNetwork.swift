import FoundationEssentials
import Subprocess
import Testing

@testable import Twin

/// Throw-away network namespaces on this machine: nodes and their pods, with the real renderers' texts loaded.
///
/// Everything is named `bh-test-…` and gone when `with` returns. Nothing here has a route to anywhere else.
struct TestNetwork {
  struct Pod {
    let network: PodNetwork
    let node: Int
    var address: IPv4Address { network.address }
  }
  let prefix: String
  let nodeCount: Int
  let pods: [String: Pod]

  func nodeNamespace(_ index: Int) -> String { "\(prefix)-node-\(index)" }
  func node(_ index: Int) -> Place { Place(namespace: nodeNamespace(index)) }
  func pod(_ name: String) throws -> Place { Place(namespace: try #require(pods[name]).network.namespace) }
  func address(_ name: String) throws -> IPv4Address { try #require(pods[name]).address }

  /// `pods`: name → node index.
  static func with(nodes: Int, pods: [String: Int], _ body: (TestNetwork) async throws -> Void) async throws {
    let prefix = "bh-test-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    var pools = (1...nodes).map { AddressPlan.podPool(node: $0) }
    var placed: [String: Pod] = [:]
    for (name, node) in pods.sorted(by: { $0.key < $1.key }) {
      let address = try pools[node - 1].allocate(name)
      placed[name] = Pod(network: try PodNetwork(namespace: "\(prefix)-\(name)", address: address), node: node)
    }
    let network = TestNetwork(prefix: prefix, nodeCount: nodes, pods: placed)
    do {
      try await network.setUp()
      try await body(network)
    } catch {
      try await network.tearDown()
      throw error
    }
    try await network.tearDown()
  }

  private func setUp() async throws {
    let nodes = (1...nodeCount).map(nodeNamespace)
    try await shell(nodes.map { "ip netns add \($0)\n" }.joined())
    let links = NodeNetwork.links(namespaces: nodes)
    if !links.isEmpty { try await shell("ip -batch - <<'END'\n\(links)END\n") }
    for index in 1...nodeCount {
      try await node(index).shell(NodeNetwork(index: index, nodeCount: nodeCount).script)
      let here = pods.values.filter { $0.node == index }.map(\.network).sorted { $0.address < $1.address }
      try await node(index).shell(PodNetwork.addition(of: here))
    }
  }

  /// Servers end with the test, whatever happened in it.
  private func tearDown() async throws {
    let all = (1...nodeCount).map(nodeNamespace) + pods.values.map(\.network.namespace)
    let script = all.map { name in
      "[ ! -e /run/netns/\(name) ] || { kill -9 $(ip netns pids \(name)) 2>/dev/null; ip netns del \(name); }\n"
    }.joined()
    try await shell(script + "true\n")
  }
}

/// A network namespace of this machine in which tests run commands.
struct Place {
  let namespace: String

  @discardableResult
  func shell(_ script: String) async throws -> String {
    try await run("nsenter", ["--net=/run/netns/\(namespace)", "sh", "-s"], script)
  }

  @discardableResult
  func nft(_ text: String) async throws -> String {
    try await run("nsenter", ["--net=/run/netns/\(namespace)", "nft", "-f", "-"], text)
  }

  func reading(_ command: [String]) async throws -> NftReading {
    let answer = try await run("nsenter", ["--net=/run/netns/\(namespace)"] + command, "")
    return try NftReading(Array(answer.utf8))
  }

  func perl(_ program: String, _ arguments: [String] = [], input: String = "", group: Int? = nil) async throws -> String
  {
    let as_ = group.map { ["setpriv", "--regid", "\($0)", "--clear-groups"] } ?? []
    return try await run(
      "nsenter", ["--net=/run/netns/\(namespace)"] + as_ + ["perl", "-e", program] + arguments, input)
  }
}

struct CommandFailure: Error, CustomStringConvertible { let description: String }

@discardableResult
func shell(_ script: String) async throws -> String { try await run("sh", ["-s"], script) }

func run(_ program: String, _ arguments: [String], _ input: String) async throws -> String {
  let result = try await Subprocess.run(
    .name(program), arguments: Arguments(arguments), input: .string(input), output: .string(limit: 8 << 20),
    error: .string(limit: 1 << 20))
  guard result.terminationStatus.isSuccess else {
    throw CommandFailure(
      description: "\(arguments.prefix(4)): \(result.terminationStatus)\n\(result.standardError)\n\(input.prefix(6000))"
    )
  }
  return result.standardOutput
}
