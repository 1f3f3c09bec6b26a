import Diagnostics
import FleetModel

/// Reads the texts of one workload and keeps the calls that they prove.
struct WiringReader {
  let caller: Workload
  let directory: ServiceDirectory
  let texts: [WiringText]
  private(set) var calls: [Call] = []
  private(set) var findings: [Finding] = []
  private var siblings: [String: String]?
  private var known: Set<Edge> = []

  private struct Edge: Hashable {
    var service: ObjectReference?
    var host: String
    var port: Int
  }

  init(caller: Workload, directory: ServiceDirectory, texts: [WiringText]) {
    self.caller = caller
    self.directory = directory
    self.texts = texts
  }

  mutating func read() {
    for text in texts where Self.mayHoldAddress(text) {
      let addresses = Address.all(in: text.value)
      guard !addresses.isEmpty else { continue }
      let isOneWord = !text.value[...].utf8.withoutBlanks.contains(where: \.isASCIIBlank)
      let context = Context(text, alone: addresses.count == 1 && isOneWord)
      for address in addresses { consider(address, context) }
    }
  }

  /// False for most texts: no colon, no name of the cluster's own form, and no name that speaks of a host.
  private static func mayHoldAddress(_ text: WiringText) -> Bool {
    guard !text.value.isEmpty, text.value.utf8.count <= 1 << 20 else { return false }
    return text.value.utf8.contains(0x3A) || HostName.holdsServiceMark(text.value)
      || Context.hosts.contains(text.lastWord)
  }

  /// What a text's name says about its value.
  private struct Context {
    let text: WiringText
    let words: [String]
    let namesAddress: Bool
    let namesHost: Bool
    let namesOther: Bool
    /// True when the value is nothing but one address.
    let alone: Bool

    static let hosts: Set<String> = [
      "HOST", "HOSTNAME", "HOSTS", "SERVICE", "ADDR", "ADDRS", "ADDRESS", "ADDRESSES", "URL", "URLS", "URI", "ENDPOINT",
      "ENDPOINTS", "SERVER", "SERVERS", "BROKER", "BROKERS", "UPSTREAM", "BACKEND", "TARGET", "DSN",
    ]
    private static let others: Set<String> = ["IMAGE", "VERSION", "TAG", "TIME", "DATE", "SCHEDULE", "CRON"]

    init(_ text: WiringText, alone: Bool) {
      self.text = text
      self.alone = alone
      words = text.words
      namesAddress = words.contains(where: Self.hosts.contains)
      namesHost = words.last.map(Self.hosts.contains) ?? false
      namesOther = words.contains(where: Self.others.contains)
    }
  }

  private mutating func consider(_ address: Address, _ context: Context) {
    if context.namesOther && address.scheme == nil { return }
    let inCluster = HostName.clusterLabels(address.host) != nil
    let isBare = address.port == nil && address.scheme == nil
    // A single word is a host only where its name says so; a full name of the cluster speaks for itself.
    if isBare && !inCluster && !(context.namesHost && (context.alone || context.text.kind == .environment)) { return }
    switch directory.answer(address.host, from: caller.id.namespace) {
    case .service(let position, let pod): serve(address, context, position, pod, isBare: isBare)
    case .nowhere:
      guard let port = address.effectivePort ?? siblingPort(context),
        address.scheme != nil || inCluster || (context.text.kind != .file && isPlausible(address, context))
      else { return }
      var address = address
      // `ghost.shop` could be a public name as well; that it was taken for one of the cluster is said by its ending.
      if !inCluster && address.host.contains(".") { address.host += ".svc" }
      if record(address, context, port: port, service: nil, targets: [], wireProtocol: wireProtocol(address, port)) {
        report(
          .callToNowhere, context.namesAddress || inCluster || address.scheme != nil ? .medium : .low, address, context,
          "calls \(address.host):\(port), and no service of the input has that name",
          fix: "add the service to the input, or remove the setting")
      }
    case .outside:
      let isCertain = address.scheme != nil || (address.port != nil && context.alone && context.text.kind != .file)
      guard isCertain, let port = address.effectivePort else { return }
      record(address, context, port: port, service: nil, targets: [], wireProtocol: wireProtocol(address, port))
    case .none: return
    }
  }

  private mutating func serve(
    _ address: Address, _ context: Context, _ position: Int, _ pod: String?, isBare: Bool
  ) {
    let (targets, isCaller) = directory.backend(position, pod: pod, caller: caller)
    if isCaller { return }
    let service = directory.fleet.services[position]
    let onlyPort = service.ports.count == 1 ? service.ports.first?.port : nil
    guard let number = address.port ?? (isBare ? siblingPort(context) : nil) ?? schemePort(address, service) ?? onlyPort
    else { return }
    guard let port = service.ports.first(where: { $0.port == number }) else {
      guard service.type != "ExternalName", number >= 1024 || isPlausible(address, context) else { return }
      if record(address, context, port: number, service: nil, targets: [], wireProtocol: wireProtocol(address, number))
      {
        let ports = service.ports.map { "\($0.port)" }.joined(separator: ", ")
        report(
          .callToMissingPort, .medium, address, context,
          "calls port \(number) of the service \(service.id.name), which has \(ports.isEmpty ? "none" : ports)",
          fix: "correct the port")
      }
      return
    }
    let isNew = record(
      address, context, port: number, service: service.id, targets: targets, wireProtocol: port.wireProtocol)
    if isNew && targets.isEmpty && service.type != "ExternalName" {
      report(
        .callWithoutWorkload, .low, address, context,
        "calls the service \(service.id.name), behind which no workload is",
        fix: "add the workload to the input, or correct the service's selector")
    }
  }

  /// The scheme's own port where the service has it; a URL without a port cannot mean another one.
  private func schemePort(_ address: Address, _ service: Service) -> Int? {
    guard let port = address.effectivePort else { return nil }
    // `http://cart` with a service on 8080 alone fails in a cluster; `redis://cache` and the like do as well.
    return service.ports.contains { $0.port == port } || Address.schemePorts[address.scheme ?? ""] != nil ? port : nil
  }

  /// `X_PORT` beside `X_HOST`, `X_ADDR_PORT` beside `X_ADDR`.
  private mutating func siblingPort(_ context: Context) -> Int? {
    let siblings = self.siblings ?? named()
    self.siblings = siblings
    let words = context.words.joined(separator: "_")
    let base = context.words.dropLast().joined(separator: "_")
    for name in ["\(words)_PORT", base.isEmpty ? "PORT" : "\(base)_PORT"] where name != "PORT" {
      if let port = siblings[name].flatMap({ Int($0) }), (1...65_535).contains(port) { return port }
    }
    return nil
  }

  /// Every text that has a name, by its words.
  private func named() -> [String: String] {
    Dictionary(texts.filter { !$0.name.isEmpty }.map { ($0.words.joined(separator: "_"), $0.value) }) { _, last in
      last
    }
  }

  /// `text:number` is an address when its name says so, or when the number can be the port of a service.
  private func isPlausible(_ address: Address, _ context: Context) -> Bool {
    if address.scheme != nil || HostName.clusterLabels(address.host) != nil || context.namesAddress { return true }
    guard let port = address.port, context.text.kind == .environment else { return false }
    return port == 80 || port == 443 || port >= 1024
  }

  private func wireProtocol(_ address: Address, _ port: Int) -> WireProtocol {
    ServicePort(name: address.scheme, port: port).wireProtocol
  }

  @discardableResult
  private mutating func record(
    _ address: Address, _ context: Context, port: Int, service: ObjectReference?, targets: [ObjectReference],
    wireProtocol: WireProtocol
  ) -> Bool {
    guard known.insert(Edge(service: service, host: service == nil ? address.host : "", port: port)).inserted else {
      return false
    }
    let name = context.text.name.isEmpty ? "" : "\(context.text.name)="
    calls.append(
      Call(
        caller: caller.id, service: service, host: address.host, port: port, target: targets.first,
        others: Array(targets.dropFirst()), wireProtocol: wireProtocol,
        evidence: .wiring(text: name + address.text, location: context.text.location)))
    return true
  }

  private mutating func report(
    _ code: IntakeCode, _ severity: Severity, _ address: Address, _ context: Context, _ message: String, fix: String
  ) {
    findings.append(
      code.finding(severity, message, fix: fix, resource: caller.id.description, at: context.text.location))
  }
}
