import IntentModel

/// The rules that lead a pod's TCP traffic through its sidecar, for the pod's own network namespace.
///
/// What comes from the node itself is let past to the ports that probes name: the kubelet has no certificate, and its
/// probes would fail where plaintext is refused. UDP is not captured, and neither is IPv6.
///
/// Where the sidecar does not listen yet, the kernel's refusal (a reset with the sequence number 0, RFC 9293, 3.10.7.1)
/// is dropped: the caller's kernel tries again after a second, so that an application that calls others at its very
/// start waits for its sidecar instead of failing. Resets of connections that were once open have other numbers, and
/// pass.
package struct CaptureText: Sendable, Equatable {
  package static let table = "bulkhead"
  package var inboundPort = SidecarPorts.inbound
  package var outboundPort = SidecarPorts.outbound
  /// The group that the sidecar runs as.
  package var group = 1337
  package var readinessPort = 15021
  /// IPv4 addresses of the node, as the pod sees it: its own, and the pod's gateway.
  package var nodeAddresses: [String] = []
  package var probePorts: [Int] = []

  package init() {}

  /// One `nft -f` transaction that replaces what is there.
  package var text: String {
    let nodes = nodeAddresses.filter(Self.isAddress)
    let ports = Set(probePorts).sorted().map(String.init)
    var inbound = ["iifname \"lo\" return", "tcp dport \(readinessPort) return"]
    if !nodes.isEmpty, !ports.isEmpty {
      inbound.append("ip saddr \(Self.set(nodes)) tcp dport \(Self.set(ports)) return")
    }
    inbound.append("meta l4proto tcp redirect to :\(inboundPort)")
    let outbound = [
      "oifname \"lo\" return", "meta skgid \(group) return", "ip daddr 127.0.0.0/8 return",
      "meta l4proto tcp redirect to :\(outboundPort)",
    ]
    return """
      add table ip \(Self.table)
      delete table ip \(Self.table)
      table ip \(Self.table) {
        chain inbound {
          type nat hook prerouting priority -100; policy accept;
      \(inbound.map { "    \($0)\n" }.joined())  }
        chain outbound {
          type nat hook output priority -100; policy accept;
      \(outbound.map { "    \($0)\n" }.joined())  }
        chain hold {
          type filter hook output priority -300; policy accept;
          oifname "lo" tcp sport \(outboundPort) tcp flags & (rst | ack) == rst | ack tcp sequence 0 drop
        }
        chain cut {
          type filter hook output priority 0; policy accept;
          ip daddr \(SidecarPorts.nobody) drop
        }
      }

      """
  }

  private static func set(_ elements: [String]) -> String { "{ \(elements.joined(separator: ", ")) }" }

  /// What is put into rules is digits and points.
  static func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4
      && parts.allSatisfy { part in
        part.utf8.allSatisfy { (0x30...0x39).contains($0) } && (Int(part).map { $0 <= 255 } ?? false) && part.count <= 3
      }
  }

  /// The gateway in a routing table as `/proc/net/route` shows it; nil without one.
  package static func gateway(_ routes: String) -> String? {
    for line in routes.split(separator: "\n").dropFirst() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      guard fields.count > 3, fields[1] == "00000000", let value = UInt32(fields[2], radix: 16), value != 0 else {
        continue
      }
      return "\(value & 255).\(value >> 8 & 255).\(value >> 16 & 255).\(value >> 24)"
    }
    return nil
  }
}
