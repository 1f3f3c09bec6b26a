import IntentModel

/// Capture of a pod's TCP traffic into its sidecar, inside the pod's own network namespace.
///
/// UDP is not captured. No port is special: the sidecar's own admin port is captured like any other.
package struct CaptureRules: Sendable, Equatable {
  package static let name = "bh_capture"
  /// The source address from which a sidecar may reach its own application without being captured again.
  package static let passthroughSource = "127.0.0.6"

  package var inboundPort = SidecarPorts.inbound
  package var outboundPort = SidecarPorts.outbound
  /// The group whose processes are the sidecar: exempt from outbound capture.
  package var sidecarGroup = 1337
  /// Ports of the pod that callers reach without passing the sidecar, declared by the user.
  package var excludedInboundPorts: [Int] = []
  /// Destination ports and ranges (`a.b.c.d/n`) that the application reaches without passing the sidecar.
  package var excludedOutboundPorts: [Int] = []
  package var excludedOutboundRanges: [IPv4Range] = []
  /// Leads a sidecar's connection to its own pod (a call to the pod's own service) to the sidecar's inbound side. Only
  /// for sidecars that reach their application from `passthroughSource`, or that connection would come back for ever.
  package var loopsBackToInbound = false

  package init() {}

  /// One `nft -f -` transaction that replaces the whole table, for the pod's namespace.
  ///
  /// Traffic to the pod's own address does not leave the pod and is not captured, whoever sends it.
  package var text: String {
    let inbound = Self.ports(excludedInboundPorts).map { "tcp dport != \($0) " } ?? ""
    var outbound: [String] = []
    if loopsBackToInbound {
      let fromSidecar = "oifname \"lo\" meta skgid \(sidecarGroup) ip saddr != \(Self.passthroughSource)"
      outbound.append("\(fromSidecar) ip daddr != 127.0.0.0/8 meta l4proto tcp redirect to :\(inboundPort)")
    }
    outbound += ["oifname \"lo\" return", "meta skgid \(sidecarGroup) return", "ip daddr 127.0.0.0/8 return"]
    if let ports = Self.ports(excludedOutboundPorts) { outbound.append("tcp dport \(ports) return") }
    let ranges = excludedOutboundRanges.merged
    if !ranges.isEmpty { outbound.append("ip daddr \(NftText.set(ranges.map(\.description))) return") }
    outbound.append("meta l4proto tcp redirect to :\(outboundPort)")
    return """
      \(Self.removal)table ip \(Self.name) {
        chain inbound {
          type nat hook prerouting priority -100; policy accept;
          iifname "eth0" \(inbound)meta l4proto tcp redirect to :\(inboundPort)
        }
        chain outbound {
          type nat hook output priority -100; policy accept;
      \(outbound.map { "    \($0)\n" }.joined())  }
      }

      """
  }

  /// Removes the capture; none there is no error. Connections that were captured stay captured until they end.
  package static let removal = "add table ip \(name)\ndelete table ip \(name)\n"

  private static func ports(_ ports: [Int]) -> String? {
    ports.isEmpty ? nil : NftText.set(Set(ports).sorted().map(String.init))
  }
}

/// Small pieces of nft text.
enum NftText {
  /// `{ a, b }` in the order given.
  static func set(_ elements: [String]) -> String { "{ \(elements.joined(separator: ", ")) }" }
}
