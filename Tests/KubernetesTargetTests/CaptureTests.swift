import Foundation
import Glibc
import Subprocess
import SystemPackage
import Testing

@testable import KubernetesTarget

@Suite("The capture in a network namespace", .enabled(if: geteuid() == 0, "needs root"))
struct CaptureTests {
  /// Calls somebody while nothing listens where the rules in the argument lead calls to; somebody does soon after, and
  /// resets the connection once it is open.
  private static let caller = """
    import select, socket, struct, subprocess, sys, threading
    for words in ("link set lo up", "link add d0 type veth peer name d1", "link set d1 up",
                  "addr add 10.1.0.2/24 dev d0", "link set d0 up", "route add default via 10.1.0.1"):
      subprocess.run(["ip", *words.split()], check=True)
    subprocess.run(["nft", "-f", "-"], input=sys.argv[1], text=True, check=True)
    refused = threading.Event()
    def sidecar():
      # As if it came up while the caller's first attempt is under way.
      refused.wait()
      listener = socket.socket()
      listener.bind(("0.0.0.0", 15001))
      listener.listen()
      taken, _ = listener.accept()
      taken.recv(1)
      taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
      taken.close()
    threading.Thread(target=sidecar, daemon=True).start()
    caller = socket.socket()
    caller.setblocking(False)
    caller.connect_ex(("10.96.0.5", 80))
    refused.set()
    select.select([], [caller], [], 30)
    error = caller.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    caller.settimeout(10)
    try:
      if error:
        raise OSError(error, "")
      caller.send(b"x")
      caller.recv(1)
      print("closed")
    except ConnectionResetError:
      print("reset")
    except OSError as error:
      print(error.errno)
    """

  /// A sidecar (its group passes the rules) calls nobody, then somebody: which of the two calls left the pod.
  private static let cutOff = """
    import os, socket, subprocess, sys
    for words in ("addr add 10.1.0.2/24 dev d0", "link set d0 up", "link set d1 up", "route add default via 10.1.0.1",
                  "neigh add 10.1.0.1 lladdr 02:00:00:00:00:01 dev d0"):
      if words.startswith("addr"):
        subprocess.run(["ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1"], check=True)
      subprocess.run(["ip", *words.split()], check=True)
    subprocess.run(["nft", "-f", "-"], input=sys.argv[1], text=True, check=True)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    wire.bind(("d1", 0))
    wire.settimeout(30)
    os.setgid(1337)
    callers = []
    for address in ("192.0.2.1", "10.96.0.5"):
      caller = socket.socket()
      caller.setblocking(False)
      caller.connect_ex((address, 80))
      callers.append(caller)
    seen = []
    while "10.96.0.5" not in seen:
      packet = wire.recv(2048)
      if packet[23] == 6:
        seen.append(socket.inet_ntoa(packet[30:34]))
    print(*seen)
    """

  @Test("what a sidecar is told to send to nobody never leaves the pod; without that chain it does")
  func cut() async throws {
    let text = CaptureText().text
    #expect(try await call(text, Self.cutOff) == "10.96.0.5")
    let chain = try #require(text.range(of: "  chain cut {"))
    #expect(try await call(String(text[..<chain.lowerBound] + "}\n"), Self.cutOff) == "192.0.2.1 10.96.0.5")
  }

  private func call(_ rules: String, _ program: String = Self.caller) async throws -> String {
    let result = try await Subprocess.run(
      .name("unshare"),
      arguments: ["-n", "python3", "-c", program, rules], output: .string(limit: 4_096),
      error: .string(limit: 4_096))
    try #require(result.terminationStatus == .exited(0), "\(result.standardError)")
    return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test("a call before the sidecar listens waits for it, and a reset of an open connection comes through")
  func held() async throws {
    #expect(try await call(CaptureText().text) == "reset")
  }

  @Test("without the chain that holds it, the same call is refused")
  func control() async throws {
    let text = CaptureText().text
    let hold = try #require(text.range(of: "  chain hold {"))
    let without = text[..<hold.lowerBound] + "}\n"
    #expect(try await call(String(without)) == "\(ECONNREFUSED)")
  }
}
