import FleetModel
import Foundation
import IntentModel

@testable import Twin

/// Makes system calls inside a container with arguments that every kernel refuses for their form, so that the answer
/// shows whether the filter let the call through and nothing else happens.
enum SeccompProber {
  /// Name, number on x86_64, arguments.
  static let calls: [(name: String, number: Int, arguments: [UInt64])] = [
    ("unshare", 272, [1]), ("setns", 308, [bad, 0]), ("mount", 165, [1, 1, 1, 0, 0]), ("umount2", 166, [1, 0xFFFF]),
    ("fsopen", 430, [1, 0]), ("fsconfig", 431, [bad, 99, 0, 0, 0]), ("fsmount", 432, [bad, 0, 0]),
    ("fspick", 433, [bad, 1, 0]), ("move_mount", 429, [bad, 1, bad, 1, 0xFFFF]), ("open_tree", 428, [bad, 1, bad]),
    ("mount_setattr", 442, [bad, 1, 0, 0, 0]), ("pivot_root", 155, [1, 1]), ("bpf", 321, [9999, 0, 0]),
    ("perf_event_open", 298, [1, 0, bad, bad, 0]), ("keyctl", 250, [9999]), ("add_key", 248, [1, 1, 0, 0, 0]),
    ("request_key", 249, [1, 1, 0, 0]), ("userfaultfd", 323, [0xFFFF]), ("open_by_handle_at", 304, [bad, 1, 0]),
    ("name_to_handle_at", 303, [bad, 1, 1, 1, 0xFFFF]), ("process_vm_readv", 310, [1, 1, 1, 1, 1, 1]),
    ("process_vm_writev", 311, [1, 1, 1, 1, 1, 1]), ("pidfd_getfd", 438, [bad, 0, 0]), ("kcmp", 312, [1, 1, 99]),
    ("process_madvise", 440, [bad, 1, 1, 99, 99]), ("init_module", 175, [0, 0, 1]), ("finit_module", 313, [bad, 1, 0]),
    ("delete_module", 176, [1, 0]), ("kexec_load", 246, [0, 1000, 0, 0]), ("reboot", 169, [0, 0, 0, 0]),
    ("iopl", 172, [9]), ("ioperm", 173, [bad, 1, 1]), ("syslog", 103, [99, 0, 0]), ("acct", 163, [1]),
    ("swapon", 167, [1, 0]), ("swapoff", 168, [1]), ("quotactl", 179, [0xFFFF_FF00, 1, 0, 0]),
    ("settimeofday", 164, [1, 0]), ("clock_settime", 227, [9999, 1]), ("mbind", 237, [1, 1, 99, 0, 0, 0]),
    ("set_mempolicy", 238, [99, 0, 0]), ("get_mempolicy", 239, [0, 0, 0, 0, 0xFFFF]),
    ("move_pages", 279, [0, 1, 1, 0, 1, 0xFFFF]), ("sethostname", 170, [1, bad]), ("setdomainname", 171, [1, bad]),
    ("fanotify_init", 300, [bad, 0]), ("uselib", 134, [1]), ("ustat", 136, [0, 1]), ("sysfs", 139, [99]),
    ("lookup_dcookie", 212, [0, 0, 0]), ("chroot", 161, [1]),
    // CLONE_NEWUSER with CLONE_FS is refused by every kernel.
    ("clone", 56, [0x1000_0200, 0, 0, 0, 0]), ("clone3", 435, [0, 0]), ("io_uring_setup", 425, [0, 0]),
    // An unknown flag of the execution domain, an unknown address family.
    ("personality", 135, [0x1234]), ("socket", 41, [9999, 1, 0]), ("ptrace", 101, [9999, 0, 0, 0]),
  ]

  /// -1 as the kernel sees it: no descriptor, no such size.
  private static let bad: UInt64 = 0xFFFF_FFFF

  static let refused = 1
  static let absent = 38

  /// Prints `NAME ERRNO` per call and, at last, that threads still start.
  static var script: String {
    let rows = calls.map { "(\"\($0.name)\", \($0.number), \($0.arguments))" }.joined(separator: ", ")
    return """
      import ctypes, threading
      libc = ctypes.CDLL(None, use_errno=True)
      libc.syscall.restype = ctypes.c_long
      for name, number, arguments in [\(rows)]:
          ctypes.set_errno(0)
          result = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(a) for a in arguments])
          print("call", name, ctypes.get_errno() if result == -1 else 0, flush=True)
      libc.syscall(ctypes.c_long(135), ctypes.c_ulong(0))
      thread = threading.Thread(target=lambda: print("thread started", flush=True))
      thread.start()
      thread.join()
      """
  }

  /// Runs the calls with every capability there is, under `filter` alone.
  static func answers(bench: RuncBench, filters: [OCISeccomp?]) async throws -> [[String: Int]] {
    var bundles: [ContainerBundle] = []
    for (index, filter) in filters.enumerated() {
      let pod = plainPod { $0.containers[0].securityContext.addedCapabilities = ["ALL"] }
      var request = try Facts.request(pod, bench: bench, id: "app-\(index)")
      request.generated = ["/test": ["calls.py": script]]
      request.arguments = ["/bin/sh", "-c", "echo start; exec /usr/bin/python3 /test/calls.py"]
      var bundle = try ContainerBundle(request)
      bundle.spec.linux.seccomp = filter
      bundles.append(bundle)
    }
    let output = try await bench.run(bundles)
    return output.components(separatedBy: "start\n").dropFirst().map { part in
      var answers: [String: Int] = part.contains("thread started") ? ["thread": 0] : [:]
      for line in part.split(separator: "\n") where line.hasPrefix("call ") {
        let words = line.split(separator: " ")
        answers[String(words[1])] = Int(words[2])
      }
      return answers
    }
  }
}
