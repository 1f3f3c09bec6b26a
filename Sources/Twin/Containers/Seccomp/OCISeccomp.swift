/// `linux.seccomp` of an OCI runtime configuration.
package struct OCISeccomp: Codable, Sendable, Equatable {
  package var defaultAction = Action.refuse
  package var defaultErrnoRet: Int? = 1
  package var architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
  package var syscalls: [Rule]

  package init(rules: [Rule]) { syscalls = rules }

  package enum Action: String, Codable, Sendable {
    case allow = "SCMP_ACT_ALLOW"
    case refuse = "SCMP_ACT_ERRNO"
  }

  package struct Rule: Codable, Sendable, Equatable {
    package var names: [String]
    package var action: Action
    package var args: [Argument]?
    package var errnoRet: Int?

    package init(names: [String], action: Action, arguments: [Argument]? = nil, errno: Int? = nil) {
      self.names = names
      self.action = action
      args = arguments
      errnoRet = errno
    }
  }

  /// A comparison with one argument of the call; `valueTwo` is what the masked value must be.
  package struct Argument: Codable, Sendable, Equatable {
    package var index: Int
    package var value: UInt64
    package var valueTwo: UInt64?
    package var op: Comparison

    package enum Comparison: String, Codable, Sendable {
      case equal = "SCMP_CMP_EQ"
      case notEqual = "SCMP_CMP_NE"
      case maskedEqual = "SCMP_CMP_MASKED_EQ"
    }

    package init(index: Int, value: UInt64, masked: UInt64? = nil, comparison: Comparison) {
      self.index = index
      self.value = value
      valueTwo = masked
      op = comparison
    }
  }
}
