import Foundation
import Linux
import Testing

@Suite("Preflight")
struct PreflightTests {
  @Test("names what is missing with its cure")
  func missing() async throws {
    let preflight = await Preflight.examine(envoy: nil, path: ["/nowhere"])
    #expect(!preflight.isMet)
    let cures = Dictionary(uniqueKeysWithValues: preflight.failing.map { ($0.name, $0.cure) })
    #expect(cures["runc"] == "apt-get install runc")
    #expect(cures["nft"] == "apt-get install nftables")
    #expect(cures["ip"] == "apt-get install iproute2")
    #expect(cures["dnsmasq"] == "apt-get install dnsmasq-base")
    #expect(cures["envoy"]?.isEmpty == false)
  }

  @Test("finds what is there, with versions")
  func present() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("preflight-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let versions = [
      "runc": "runc version 1.1.5+ds1\ncommit: x", "nft": "nftables v1.0.6 (Lester Gooch #5)",
      "ip": "ip utility, iproute2-6.1.0, libbpf 1.1.0", "dnsmasq": "Dnsmasq version 2.90  Copyright",
      "nsenter": "nsenter from util-linux 2.38.1", "envoy": "envoy  version: abc/1.40.0/Clean", "unshare": "",
    ]
    for (name, text) in versions {
      let path = folder.appendingPathComponent(name).path
      try "#!/bin/sh\necho '\(text)'\n".write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    let preflight = await Preflight.examine(envoy: folder.path + "/envoy", path: [folder.path])
    func detail(_ name: String) -> String? { preflight.facts.first { $0.name == name }?.detail }
    #expect(detail("runc") == "\(folder.path)/runc 1.1.5+ds1")
    #expect(detail("nft") == "\(folder.path)/nft 1.0.6")
    #expect(detail("ip") == "\(folder.path)/ip 6.1.0")
    #expect(detail("dnsmasq") == "\(folder.path)/dnsmasq 2.90")
    #expect(detail("envoy") == "\(folder.path)/envoy 1.40.0")
    #expect(preflight.facts.filter { !["root", "kernel", "cgroups"].contains($0.name) }.allSatisfy { $0.isMet })
    #expect(preflight.facts.allSatisfy { $0.isMet == $0.cure.isEmpty })
  }
}
