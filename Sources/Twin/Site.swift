import Diagnostics
import FleetModel
import Foundation
import IntentModel
import Linux
import StandinProtocol
import Synchronization

/// The ground the twin stands on: the world, its nodes and their network, resolvers and scenery.
final class Site: Sendable {
  let world: World
  let settings: TwinSettings
  let addresses: ServiceAddresses
  let scenery: Scenery
  let runtime: ContainerRuntime
  private let pools: Mutex<[String: AddressPool]>
  /// Programs that run as long as the site, and the open ends of pipes that idle containers wait on.
  private let services = Mutex<[WorldProcess]>([])
  private let openEnds = Mutex<[Int32]>([])

  private init(world: World, settings: TwinSettings, addresses: ServiceAddresses, scenery: Scenery) {
    self.world = world
    self.settings = settings
    self.addresses = addresses
    self.scenery = scenery
    runtime = ContainerRuntime(world: world)
    pools = Mutex(
      Dictionary(
        uniqueKeysWithValues: TwinSettings.nodes.enumerated().map {
          ($0.element, AddressPlan.podPool(node: $0.offset + 1))
        }
      ))
  }

  static func build(_ settings: TwinSettings) async throws -> Site {
    // Names and addresses first: what is wrong with the input shows before anything is started.
    let addresses = try ServiceAddresses(settings.fleet)
    _ = try World.sweepLeftovers()
    var options = WorldOptions(
      name: "w\(getpid())-\(UInt16.random(in: 0 ... .max))", nodes: TwinSettings.nodes, initPath: settings.initProgram,
      tools: ["envoy": settings.envoy, "standin": settings.standin])
    options.userNamespace = !settings.kernelFidelity
    let world = try await World.start(options)
    let site = Site(world: world, settings: settings, addresses: addresses, scenery: Scenery())
    do {
      try await site.setUp()
    } catch {
      await site.end()
      throw error
    }
    return site
  }

  private func setUp() async throws {
    let nodes = TwinSettings.nodes
    try await script("ip -batch -", in: .world, NodeNetwork.links(namespaces: nodes), "link the nodes")
    try await withThrowingTaskGroup { group in
      for (index, node) in nodes.enumerated() {
        group.addTask { try await self.setUp(node, index: index + 1, of: nodes.count) }
      }
      try await group.waitForAll()
    }
  }

  private func setUp(_ node: String, index: Int, of count: Int) async throws {
    let network = NodeNetwork(index: index, nodeCount: count)
    try await script("sh -s", in: .node(node), network.script, "set up the network of \(node)")
    try await script("nft -f -", in: .node(node), FaultTable.setUp, "prepare faults on \(node)")
    try world.write([.folder("xds", mode: 0o755)])
    try plant(node)
    let view = NetworkView(pods: [], fleet: settings.fleet, addresses: addresses)
    let hosts = try Resolver(services: view.names).hosts()
    try world.write([WorldFile(path: "dns/\(node).hosts", bytes: Array(hosts.utf8), mode: 0o644)])
    try await serve(Resolver.command(hostsFile: "\(World.directory)/dns/\(node).hosts"), on: node, expectReady: false)
    let standin = runtime.standin
    try await serve(
      standin + ["node", "--config", "\(World.directory)/scenery/\(node).json"], on: node, expectReady: true)
    try await serve(
      ["env", "FLAG=\(scenery.nonce("L03"))"] + standin + ["idle"], on: node, expectReady: true)
  }

  private func plant(_ node: String) throws {
    let root = "nodes/\(node)"
    var files = Scenery.folders.map { WorldFile.folder(root + $0, mode: 0o755) }
    files += scenery.files.map { WorldFile(path: root + $0.path, bytes: Array($0.text.utf8), mode: 0o600) }
    let configuration = try JSONEncoder().encode(scenery.configuration(root: self.root(of: node)))
    files.append(WorldFile(path: "scenery/\(node).json", bytes: Array(configuration), mode: 0o600))
    try world.write(files)
  }

  /// Starts a program that runs as long as the world.
  private func serve(_ command: [String], on node: String, expectReady: Bool) async throws {
    let service = try await world.service(command, in: .node(node), expectingLine: expectReady)
    services.withLock { $0.append(service) }
  }

  /// The folder inside the world that is a node's file system.
  func root(of node: String) -> String { "\(World.directory)/nodes/\(node)" }

  func address(of id: String, node: String, onNodeNetwork: Bool) throws -> String {
    if onNodeNetwork { return "\(AddressPlan.nodeAddress((TwinSettings.nodes.firstIndex(of: node) ?? 0) + 1))" }
    return try pools.withLock { "\(try $0[node, default: AddressPlan.podPool(node: 1)].allocate(id))" }
  }

  func release(_ id: String, node: String) { pools.withLock { $0[node]?.release(id) } }

  /// An idle container ends with its standard input: kept open until the site ends.
  func keepOpen(_ end: Int32) { openEnds.withLock { $0.append(end) } }

  func end() async {
    await world.stop()
    services.withLock { $0 = [] }
    let ends = openEnds.withLock { ends in
      defer { ends = [] }
      return ends
    }
    for end in ends { close(end) }
  }

  /// Runs a command whose standard input is its script; throws with its words when it fails.
  func script(_ command: String, in place: World.Place, _ text: String, _ purpose: String) async throws {
    let words = command.split(separator: " ").map(String.init)
    let result = try await world.run(words, in: place, input: Array(text.utf8), limit: .seconds(20))
    guard result.status == 0 else {
      throw BulkheadError(.unexpected, "could not \(purpose): \(result.errorText.safeForTerminal)")
    }
  }
}
