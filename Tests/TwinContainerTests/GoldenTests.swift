import FleetModel
import Foundation
import IntentModel
import Testing

@testable import Twin

/// Whole configurations, to be read by people when they change. `BULKHEAD_UPDATE_GOLDEN=1` writes them anew.
/// System call names are left out: they have tests of their own.
@Suite struct GoldenTests {
  @Test func restricted() throws { try compare("restricted", bundle(restrictedPod()), Golden.restricted) }

  @Test func asksForNothing() throws { try compare("asksForNothing", bundle(plainPod()), Golden.asksForNothing) }

  @Test func privileged() throws { try compare("privileged", bundle(privilegedPod()), Golden.privileged) }

  @Test func sharedProcesses() throws {
    let pod = plainPod { pod in
      pod.shareProcessNamespace = true
      pod.containers[0].resources.cpuLimitMilli = 250
      pod.containers[0].resources.memoryLimitBytes = 128 << 20
    }
    let bundle = try bundle(pod) {
      $0.namespaces = PodNamespaces(
        network: "/run/netns/shop", ipc: "/proc/7/ns/ipc", uts: "/proc/7/ns/uts", pid: "/proc/7/ns/pid")
      $0.cgroupsPath = "/shop-app"
    }
    try compare("sharedProcesses", bundle, Golden.sharedProcesses)
  }

  @Test func sidecar() throws {
    var request = try SidecarContainer.request(
      id: "shop-proxy", podID: "shop", podName: "shop-0", node: "node-1", pod: plainPod(),
      bootstrap: SidecarBootstrap(arguments: ["-c", "/etc/bulkhead/bootstrap.json"], files: ["bootstrap.json": "{}"]),
      envoy: "/run/bulkhead/tools/envoy", socket: ("/run/bulkhead/xds/shop/s", "/run/bulkhead-xds/s"))
    request.namespaces.network = "/run/netns/shop"
    try compare("sidecar", ContainerBundle(request), Golden.sidecar)
  }

  private func compare(_ name: String, _ bundle: ContainerBundle, _ golden: String) throws {
    var bundle = bundle
    bundle.spec.linux.seccomp?.syscalls = []
    let text = String(decoding: try bundle.configuration(pretty: true), as: UTF8.self)
    if ProcessInfo.processInfo.environment["BULKHEAD_UPDATE_GOLDEN"] == "1" {
      let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).swift")
      let source = "extension Golden {\n  static let \(name) = #\"\"\"\n\(indented(text))\n    \"\"\"#\n}\n"
      return try source.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(text == golden)
  }

  private func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : "    " + $0 }.joined(separator: "\n")
  }
}

/// Each value lies in a file of its own below Golden/.
enum Golden {}
