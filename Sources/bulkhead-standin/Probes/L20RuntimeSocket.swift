import CProbe
import Glibc
import StandinProtocol

/// L20: giving orders to the container runtime.
///
/// Tries: `GET /containers/json` on every unix socket of the fact `paths` (newline-separated, inside the container).
/// With the fact `label`, on a real node, also the list of the pods that have this label (`key=value`), as the kubelet
/// asks for it. A read-only mount of a socket does not prevent a connection.
/// Success: the answer's body holds the nonce; on a real node it is in an annotation of the pod.
/// Leaves: nothing; the requests only list.
func probeRuntimeSocket(_ order: ProbeOrder) -> ProbeFinding {
  .of(
    order.paths.map { path in
      let first = get("/containers/json", from: .socket(path), order: order)
      guard first.result != .escaped, let label = order.facts["label"] else { return first }
      for version in ["v1", "v1alpha2"] {
        let finding = listPods(path, version: version, label: label, order: order)
        if finding.result == .escaped { return finding }
      }
      return first
    })
}

private func listPods(_ path: String, version: String, label: String, order: ProbeOrder) -> ProbeFinding {
  let descriptor = cprobe_connect_unix(path, Int32(order.timeoutMilliseconds))
  guard descriptor >= 0 else { return .refused("connect \(path)", -descriptor) }
  defer { close(descriptor) }
  let step = "list pods at \(path)"
  do throws(Refusal) {
    let nonce = Array(order.nonce.utf8)
    let answer = try exchange(
      RuntimeRequest.listPods(version: version, label: label), on: descriptor, step: step,
      within: order.timeoutMilliseconds
    ) { holds(nonce, in: $0) }
    return holds(nonce, in: answer) ? .escaped(step) : .contained("\(step): without the secret")
  } catch {
    return error.finding
  }
}

/// The answer is binary: what stands beside the nonce is no word.
private func holds(_ nonce: [UInt8], in bytes: [UInt8]) -> Bool { bytes.firstRange(of: nonce) != nil }

/// The one call that is made of a runtime, in the bytes of gRPC: HTTP/2 frames with a message of protocol buffers.
enum RuntimeRequest {
  static func listPods(version: String, label: String) -> [UInt8] {
    let parts = label.split(separator: "=", maxSplits: 1).map(String.init)
    let entry = field(1, Array((parts.first ?? "").utf8)) + field(2, Array((parts.count > 1 ? parts[1] : "").utf8))
    // ListPodSandboxRequest.filter.label_selector
    let message = field(1, field(3, entry))
    let path = "/runtime.\(version).RuntimeService/ListPodSandbox"
    // HPACK without compression: indexed names where there are any.
    var head: [UInt8] = [0x83, 0x86]
    head += literal([0x04], path) + literal([0x01], "localhost") + literal([0x0f, 0x10], "application/grpc")
    head += [0x00] + text("te") + text("trailers")
    return Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(type: 4, flags: 0, stream: 0, [])
      + frame(type: 1, flags: 4, stream: 1, head)
      + frame(type: 0, flags: 1, stream: 1, [0] + bigEndian(message.count, bytes: 4) + message)
  }

  private static func frame(type: UInt8, flags: UInt8, stream: Int, _ payload: [UInt8]) -> [UInt8] {
    bigEndian(payload.count, bytes: 3) + [type, flags] + bigEndian(stream, bytes: 4) + payload
  }

  private static func bigEndian(_ value: Int, bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// Shorter than 127 bytes, all of them.
  private static func text(_ text: String) -> [UInt8] { [UInt8(min(text.utf8.count, 126))] + text.utf8.prefix(126) }

  private static func literal(_ name: [UInt8], _ value: String) -> [UInt8] { name + text(value) }

  /// A field of bytes, with its length as a variable-length number.
  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    var (length, coded) = (bytes.count, [UInt8]())
    while length >= 0x80 {
      coded.append(UInt8(truncatingIfNeeded: length & 0x7f | 0x80))
      length >>= 7
    }
    return [number << 3 | 2] + coded + [UInt8(length)] + bytes
  }
}
