import Glibc
import IntentModel
import Testing

@testable import Twin

@Suite struct SeccompTableTests {
  private let opened = SystemCallGroups.opened.flatMap(\.calls)

  /// Every call the kernel's table has must have been decided about: nothing is shut, or open, by being forgotten.
  @Test func everyCallThatLibseccompKnowsIsDecidedAboutOnce() throws {
    let decided =
      SystemCallGroups.everyday + SystemCallGroups.ring + Array(Set(opened)) + SystemCallGroups.never
      + ["personality", "socket"]
    var count: [String: Int] = [:]
    for name in decided { count[name, default: 0] += 1 }
    #expect(count.filter { $0.value > 1 }.keys.sorted() == [])
    let known = try universe()
    #expect(known.count > 400)
    #expect(known.subtracting(count.keys).subtracting(Self.gone).sorted() == [])
    #expect(Set(decided).subtracting(known).sorted() == [], "not the name of a call")
  }

  /// In the table but without code behind them in any kernel of the last ten years: ENOSYS for everybody.
  private static let gone: Set<String> = [
    "afs_syscall", "bdflush", "break", "create_module", "ftime", "get_kernel_syms", "getpmsg", "gtty", "idle", "lock",
    "mpx", "oldolduname", "olduname", "prof", "profil", "putpmsg", "query_module", "security", "sgetmask", "sigaction",
    "sigpending", "sigsuspend", "ssetmask", "stty", "tuxcall", "ulimit", "vm86", "vm86old", "vserver",
  ]

  @Test func aCapabilityOpensItsGroupAndNoOther() {
    let base = names(RuntimeDefault(bounding: []).profile)
    for (capability, calls) in SystemCallGroups.opened {
      let with = names(RuntimeDefault(bounding: CapabilitySet([capability])).profile)
      #expect(with.subtracting(base) == Set(calls), "\(capability)")
      #expect(base.isDisjoint(with: calls))
    }
  }

  @Test func theCallsThatAProfileMustShutAreNotAllowed() {
    let all = names(RuntimeDefault(bounding: .all).profile)
    #expect(all.isDisjoint(with: SystemCallGroups.never))
    #expect(all.isDisjoint(with: ["keyctl", "userfaultfd", "kexec_load"]))
  }

  @Test func cloneAndItsSuccessorAreJudgedByFlags() throws {
    let rules = RuntimeDefault(bounding: []).profile.syscalls
    let clone = try #require(rules.first { $0.names == ["clone"] })
    #expect(
      clone.args == [OCISeccomp.Argument(index: 0, value: 2_114_060_288, masked: 0, comparison: .maskedEqual)])
    let clone3 = try #require(rules.first { $0.names == ["clone3"] })
    #expect(clone3.action == .refuse && clone3.errnoRet == 38)
    let admin = RuntimeDefault(bounding: CapabilitySet([.sysAdmin])).profile.syscalls
    #expect(!admin.contains { $0.names == ["clone"] || $0.names == ["clone3"] })
  }

  @Test func newerRuntimesShutTheRing() {
    let newer = names(RuntimeDefault(bounding: [], edition: .containerd2).profile)
    #expect(newer.isDisjoint(with: SystemCallGroups.ring))
  }

  private func names(_ profile: OCISeccomp) -> Set<String> {
    Set(profile.syscalls.filter { $0.action == .allow && $0.args == nil }.flatMap(\.names))
  }

  /// All names of x86_64 and 32-bit x86 in the library that the runtime itself resolves them with.
  private func universe() throws -> Set<String> {
    typealias Resolve = @convention(c) (UInt32, Int32) -> UnsafeMutablePointer<CChar>?
    let library = try #require(dlopen("libseccomp.so.2", RTLD_NOW), "libseccomp.so.2 comes with runc")
    defer { dlclose(library) }
    let symbol = try #require(dlsym(library, "seccomp_syscall_resolve_num_arch"))
    let resolve = unsafeBitCast(symbol, to: Resolve.self)
    var names: Set<String> = []
    for architecture in [0xC000_003E, 0x4000_0003] as [UInt32] {
      for number in 0..<700 as Range<Int32> {
        guard let name = resolve(architecture, number) else { continue }
        names.insert(String(cString: name))
        free(name)
      }
    }
    return names
  }
}
