import CLinux
import Glibc
import Subprocess
import SystemPackage

/// What this machine has and lacks for a rehearsal, for `bulkhead doctor`.
package struct Preflight: Sendable, Equatable {
  package struct Fact: Sendable, Equatable {
    /// A stable, short name such as `runc`.
    package var name: String
    package var isMet: Bool
    /// What was found: a path and a version, a number, a list.
    package var detail: String
    /// What to do about it; empty when met.
    package var cure: String

    package init(name: String, isMet: Bool, detail: String, cure: String) {
      self.name = name
      self.isMet = isMet
      self.detail = detail
      self.cure = isMet ? "" : cure
    }
  }

  /// In a fixed order.
  package var facts: [Fact]
  package var isMet: Bool { facts.allSatisfy(\.isMet) }
  package var failing: [Fact] { facts.filter { !$0.isMet } }

  /// Looks at this machine. Starts a few programs to ask for their versions; changes nothing.
  /// - Parameters:
  ///   - envoy: where Envoy was found, nil when it was not.
  ///   - path: the folders programs are looked for in.
  package static func examine(
    envoy: String?, path: [String] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
  ) async -> Preflight {
    var facts = [rootFact, kernelFact, await userNamespaceFact(path), cgroupFact]
    for tool in Tool.all { facts.append(await tool.fact(path)) }
    facts.append(await envoyFact(envoy))
    return Preflight(facts: facts)
  }

  private static var rootFact: Fact {
    let id = geteuid()
    return Fact(name: "root", isMet: id == 0, detail: "effective user id \(id)", cure: "run it with sudo")
  }

  /// close_range and openat2 need 5.9; pidfd and the rest are older.
  private static var kernelFact: Fact {
    let release = SmallFile.read("/proc/sys/kernel/osrelease")
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    let met = numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 9)
    return Fact(name: "kernel", isMet: met, detail: release, cure: "use Linux 5.9 or newer (Debian 12 has 6.1)")
  }

  private static func userNamespaceFact(_ path: [String]) async -> Fact {
    let limit = SmallFile.read("/proc/sys/user/max_user_namespaces")
    let cure = "set user.max_user_namespaces to 1000 or more with sysctl, or use --kernel-fidelity"
    guard let program = Tool.find("unshare", path) else {
      return Fact(
        name: "user namespaces", isMet: false, detail: "unshare is missing", cure: "apt-get install util-linux")
    }
    let (status, text) = await Tool.output(program, ["--user", "--map-root-user", "--pid", "--net", "--fork", "true"])
    return Fact(
      name: "user namespaces", isMet: status == 0,
      detail: status == 0 ? "usable (limit \(limit))" : "refused: \(text)", cure: cure)
  }

  private static var cgroupFact: Fact {
    let available = CgroupFolders.available
    let missing = ["cpu", "memory", "pids"].filter { !available.contains($0) }
    let version = CgroupFolders.isVersion2 ? "v2" : "v1"
    return Fact(
      name: "cgroups", isMet: missing.isEmpty,
      detail: available.isEmpty ? "none mounted" : "\(version): \(available.joined(separator: " "))",
      cure: "mount the controllers \(missing.joined(separator: ", ")) on /sys/fs/cgroup "
        + "(on a machine without systemd: apt-get install cgroupfs-mount, then run cgroupfs-mount)")
  }

  private static func envoyFact(_ path: String?) async -> Fact {
    let cure = "run 'Scripts/bootstrap' in the project's folder, or name an Envoy binary in BULKHEAD_ENVOY"
    guard let path else { return Fact(name: "envoy", isMet: false, detail: "not found", cure: cure) }
    let (status, text) = await Tool.output(path, ["--version"])
    return Fact(
      name: "envoy", isMet: status == 0, detail: "\(path) \(Tool.version(in: text))", cure: cure)
  }
}

/// A program of the operating system that the twin needs.
private struct Tool {
  var name: String
  var package: String
  /// Arguments that make it print its version; nil when it need not be asked.
  var arguments: [String]?

  static let all = [
    Tool(name: "runc", package: "runc", arguments: ["--version"]),
    Tool(name: "nft", package: "nftables", arguments: ["--version"]),
    Tool(name: "ip", package: "iproute2", arguments: ["-V"]),
    Tool(name: "dnsmasq", package: "dnsmasq-base", arguments: ["--version"]),
    Tool(name: "nsenter", package: "util-linux", arguments: ["--version"]),
  ]

  func fact(_ path: [String]) async -> Preflight.Fact {
    let cure = "apt-get install \(package)"
    guard let program = Self.find(name, path) else {
      return Preflight.Fact(name: name, isMet: false, detail: "not found in \(path.joined(separator: ":"))", cure: cure)
    }
    guard let arguments else { return Preflight.Fact(name: name, isMet: true, detail: program, cure: cure) }
    let (status, text) = await Self.output(program, arguments)
    return Preflight.Fact(
      name: name, isMet: status == 0, detail: "\(program) \(Self.version(in: text))", cure: cure)
  }

  static func find(_ name: String, _ path: [String]) -> String? {
    path.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  /// The first thing in a text that looks like a version: digits, a dot, and what follows without a space.
  static func version(in text: String) -> String {
    for word in text.split(whereSeparator: { " \n,/".contains($0) }) {
      let bare = word.drop { $0 == "v" || $0 == "V" }
      if let first = bare.first, first.isNumber, bare.contains(".") { return String(bare) }
      if let range = word.firstRange(of: "-"), word[range.upperBound...].first?.isNumber == true, word.contains(".") {
        return String(word[range.upperBound...])
      }
    }
    return String(text.prefix { $0 != "\n" }.prefix(60))
  }

  static func output(_ program: String, _ arguments: [String]) async -> (status: Int32, text: String) {
    do {
      let result = try await Subprocess.run(
        .path(FilePath(program)), arguments: Arguments(arguments), environment: World.environment,
        output: .string(limit: 1 << 16), error: .string(limit: 1 << 16))
      let text = result.standardOutput.isEmpty ? result.standardError : result.standardOutput
      guard case .exited(let code) = result.terminationStatus else { return (128, text) }
      return (code, text)
    } catch {
      return (127, "\(error)")
    }
  }
}
