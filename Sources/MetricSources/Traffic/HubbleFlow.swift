import FleetModel

/// One line as `hubble observe -o json` prints it.
enum HubbleFlow {
  enum Line {
    case call(TrafficKey, TrafficTally.Side, opens: Bool, time: Double?)
    /// Refused by a policy: somebody tried, and nobody needs it so far.
    case denied
    /// Replies, events of nodes, traffic of nothing that has pods at its caller's end.
    case noCall
    /// So many events were lost before they could be shown.
    case lost(Int)
    case unreadable
  }

  /// `AUDIT` is what a policy would refuse, and let pass so far.
  private static let reached: Set<String> = ["FORWARDED", "REDIRECTED", "TRACED", "TRANSLATED", "AUDIT"]

  static func line(_ bytes: ArraySlice<UInt8>) -> Line {
    guard let tree = try? JSONTree(Array(bytes)), tree.members != nil else { return .unreadable }
    if let lost = tree["lost_events"] {
      return .lost(lost["num_events_lost"]?.looseNumber.flatMap { Int(exactly: $0) }.map { max(1, $0) } ?? 1)
    }
    if tree["node_status"] != nil || tree["agent_event"] != nil || tree["debug_event"] != nil { return .noCall }
    // Older versions print the flow without anything around it.
    let flow = tree["flow"] ?? tree
    guard let verdict = flow["verdict"]?.text, flow["source"] != nil || flow["destination"] != nil else {
      return .unreadable
    }
    guard let layer = layer(flow) else { return .noCall }
    guard !isReply(flow, layer) else { return .noCall }
    guard reached.contains(verdict) else { return ["DROPPED", "ERROR"].contains(verdict) ? .denied : .noCall }
    guard let caller = pod(flow["source"]), let (callee, port) = destination(flow, layer.port) else { return .noCall }
    let key = TrafficKey(caller: caller, callee: callee, port: port, transport: layer.transport)
    let side: TrafficTally.Side = flow["traffic_direction"]?.text == "INGRESS" ? .callee : .caller
    let time = (flow["time"]?.text ?? tree["time"]?.text).flatMap { Moment.seconds($0[...]) }
    return .call(key, side, opens: layer.opens, time: time)
  }

  private struct Layer {
    var transport: Transport
    var port: Int
    /// Begins a connection; a datagram always does.
    var opens: Bool
    var answers: Bool
  }

  private static func layer(_ flow: JSONTree) -> Layer? {
    let names: [(String, Transport)] = [("TCP", .tcp), ("UDP", .udp), ("SCTP", .sctp)]
    for (name, transport) in names {
      guard let layer = flow["l4"]?[name] else { continue }
      guard let port = layer["destination_port"]?.number.flatMap({ Int(exactly: $0) }), (1...65_535).contains(port)
      else { return nil }
      let (syn, ack) = (layer["flags"]?["SYN"] == .bool(true), layer["flags"]?["ACK"] == .bool(true))
      return Layer(transport: transport, port: port, opens: transport != .tcp || (syn && !ack), answers: syn && ack)
    }
    return nil
  }

  /// Where it is not told, only what opens a connection is certainly none.
  private static func isReply(_ flow: JSONTree, _ layer: Layer) -> Bool {
    if layer.answers { return true }
    switch flow["is_reply"] ?? flow["reply"] {
    case .bool(let isReply): return isReply
    default: return !(layer.transport == .tcp && layer.opens)
    }
  }

  private static func pod(_ endpoint: JSONTree?) -> TrafficEnd? {
    guard let endpoint, let namespace = endpoint["namespace"]?.text, !namespace.isEmpty else { return nil }
    var end = TrafficEnd(namespace: namespace)
    end.pod = endpoint["pod_name"]?.text
    if let workload = endpoint["workloads"]?.list?.first {
      (end.workload, end.kind) = (workload["name"]?.text, workload["kind"]?.text)
    }
    return end.pod == nil && end.workload == nil ? nil : end
  }

  /// Pods by the port of a container; services before they are translated by their own; the world by name or address.
  private static func destination(_ flow: JSONTree, _ port: Int) -> (TrafficEnd, TrafficPort)? {
    if var end = pod(flow["destination"]) {
      if let service = flow["destination_service"], service["namespace"]?.text == end.namespace {
        end.service = service["name"]?.text
      }
      // What keeps a number for every pod would count each pod of a workload as a call of its own.
      if end.workload != nil { end.pod = nil }
      return (end, .container(port))
    }
    if let service = flow["destination_service"], let name = service["name"]?.text, !name.isEmpty {
      return (TrafficEnd(namespace: service["namespace"]?.text, service: name), .service(port))
    }
    let labels = flow["destination"]?["labels"]?.list ?? []
    guard labels.contains(where: { $0.text == "reserved:world" || $0.text?.hasPrefix("reserved:world-") == true })
    else { return nil }
    guard
      let host = flow["destination_names"]?.list?.first?.text ?? flow["IP"]?["destination"]?.text,
      var end = TrafficEnd.place(host.hasSuffix(".") ? host.dropLast() : host[...])?.end
    else { return nil }
    end.isOutside = true
    return (end, .service(port))
  }
}
