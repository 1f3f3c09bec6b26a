import FleetModel
import IntentModel

extension EffectivePod {
  /// A merge patch for one container; lines below the container, indented from zero.
  func patch(_ member: Member, _ body: String) -> String {
    let list =
      switch member.role {
      case .initial, .sidecar: "initContainers:"
      case .application: "containers:"
      case .ephemeral: "ephemeralContainers:"
      }
    var text = PatchText(kind: workload.id.kind)
    text.add(list)
    text.add("- name: " + member.container.name.yamlScalar)
    text.add(body, deeper: 1)
    return text.text
  }

  /// A merge patch for the pod; lines below its `spec`.
  func patch(_ body: String) -> String {
    var text = PatchText(kind: workload.id.kind)
    text.add(body)
    return text.text
  }

  /// Takes a capability away, wherever it comes from; the lists are written in full, because a patch replaces them.
  func patch(_ member: Member, without capabilities: [Capability]) -> String {
    patch(member, "securityContext:\n" + Self.capabilityLines(member, without: capabilities))
  }

  static func capabilityLines(_ member: Member, without capabilities: [Capability]) -> String {
    let own = member.container.securityContext
    let names = capabilities.map(\.name)
    var lines = own.privileged == true ? "  privileged: false\n" : ""
    lines += "  capabilities:\n"
    let kept = own.addedCapabilities.filter { name in
      !EffectiveContainer.isEverything(name) && !(Capability(name: name).map(capabilities.contains) ?? false)
    }
    if !own.addedCapabilities.isEmpty { lines += "    add: \(yamlList(kept))\n" }
    let dropsAll = own.droppedCapabilities.contains(where: EffectiveContainer.isEverything)
    let dropped = own.droppedCapabilities + (dropsAll ? [] : names.filter { !own.droppedCapabilities.contains($0) })
    return lines + "    drop: \(yamlList(dropped))"
  }

  static func yamlList(_ names: [String]) -> String { "[" + names.map(\.yamlScalar).joined(separator: ", ") + "]" }

  /// The runtime's own filter for system calls.
  func patchSeccomp(_ member: Member, without capabilities: [Capability] = []) -> String {
    let profile = "  seccompProfile:\n    type: RuntimeDefault"
    if capabilities.contains(where: member.effective.mayGain) {
      let lines = Self.capabilityLines(member, without: capabilities)
      return patch(member, "securityContext:\n\(lines)\n\(profile)")
    }
    let privileged = member.container.securityContext.privileged == true ? "  privileged: false\n" : ""
    return patch(member, "securityContext:\n\(privileged)\(profile)")
  }

  /// Evidence for a capability within reach.
  func evidence(_ member: Member, _ capability: Capability, _ effect: String) -> Evidence {
    Evidence(
      container: member.container.name, message: "\(member.origin(of: capability)): \(effect)",
      fix: patch(member, without: [capability]), location: member.container.location)
  }
}

extension EffectivePod.Member {
  /// Where a capability comes from and why it is within reach.
  func origin(of capability: Capability) -> String {
    let own = container.securityContext
    let source =
      if own.privileged == true {
        "securityContext.privileged is true, which includes \(capability.name)"
      } else if let written = own.addedCapabilities.first(where: { Capability(name: $0) == capability }) {
        "securityContext.capabilities.add has \(written)"
      } else if own.addedCapabilities.contains(where: EffectiveContainer.isEverything) {
        "securityContext.capabilities.add has ALL, which includes \(capability.name)"
      } else {
        "securityContext.capabilities.drop lacks \(capability.name), a default of the runtime"
      }
    return "container \(container.name): \(source); \(rootText)"
  }

  /// Why code in it can be root.
  var rootText: String {
    effective.uid == 0
      ? "it runs as root" : "it runs as user \(effective.uid), but allowPrivilegeEscalation is not false"
  }

  /// "container web: seccompProfile is not set, so that no system call is filtered".
  var seccompText: String {
    let why =
      if effective.privileged {
        ": privileged, so that no system call is filtered"
      } else if container.securityContext.seccomp == nil {
        ": securityContext.seccompProfile is not set, so that no system call is filtered"
      } else {
        ": securityContext.seccompProfile is Unconfined, so that no system call is filtered"
      }
    return "container " + container.name + why
  }
}

extension EffectiveContainer {
  static func isEverything(_ name: String) -> Bool {
    let upper = name.uppercased()
    return upper == "ALL" || upper == "CAP_ALL"
  }
}

extension String {
  /// As a YAML scalar: plain where that is safe, else in double quotes with everything unusual escaped.
  var yamlScalar: String {
    let plain = utf8.allSatisfy { $0.isLetter || $0.isDigit || Self.plainMarks.contains($0) }
    let startsLikeName = utf8.first?.isLetter ?? false
    if plain, startsLikeName, utf8.count > 5 || !Self.yamlWords.contains(lowercased()) { return self }
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\" + String(scalar)
      case " "..."~": text.unicodeScalars.append(scalar)
      default:
        let hex = String(scalar.value, radix: 16, uppercase: true)
        text +=
          (scalar.value <= 0xFFFF
            ? "\\u" + String(repeating: "0", count: 4 - hex.count)
            : "\\U" + String(repeating: "0", count: 8 - hex.count)) + hex
      }
    }
    return text + "\""
  }

  private static let plainMarks = [UInt8]("-._/".utf8)
  private static let yamlWords: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
}

extension UInt8 {
  fileprivate var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
