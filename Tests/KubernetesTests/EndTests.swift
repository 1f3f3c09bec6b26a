import Foundation
import Glibc
import Subprocess
import SystemPackage
import Testing

/// However a cluster ends, the machine is as it was.
@Suite(
  "The end of a cluster", .serialized, .timeLimit(.minutes(10)), .enabled(if: Cluster.canBeMade, Cluster.whyNot))
struct EndTests {
  @Test("comes when its watcher is killed; what the watcher would have removed goes with `down`")
  func killedWatcher() async throws {
    let before = HostState()
    try await withFolder { folder in
      let place = folder + "/cluster"
      _ = try await Cluster.up(in: place)
      let traces = try Traces(of: place)
      #expect(!traces.processes().isEmpty && !traces.cgroups().isEmpty, "the traces are not the right ones")
      kill(traces.watcher, SIGKILL)
      #expect(try await eventually { traces.processes().isEmpty }, "\(traces.processes())")
      let entered = try await Tool.run([Tool.script("enter"), place, "/bin/true"])
      #expect(entered.code == 69)
      try await Cluster.down(place)
      #expect(traces.left() == [])
    }
    #expect(HostState() == before)
  }

  @Test("comes when its owner is killed, cgroups included")
  func killedOwner() async throws {
    let before = HostState()
    try await withFolder { folder in
      let place = folder + "/cluster"
      let owner = try await Subprocess.run(
        .path("/bin/sleep"), arguments: ["600"], input: .none, output: .discarded, error: .discarded
      ) { execution -> Traces in
        let owner = execution.processIdentifier.value
        _ = try await Cluster.up(in: place, owner: owner)
        let traces = try Traces(of: place)
        kill(owner, SIGKILL)
        return traces
      }
      let traces = owner.closureResult
      #expect(try await eventually { traces.left(files: false).isEmpty }, "\(traces.left(files: false))")
      try await Cluster.down(place)
      #expect(traces.left() == [])
    }
    #expect(HostState() == before)
  }

  @Test(
    "is not mistaken for something else",
    arguments: [
      (["up", "/var/lib/bulkhead-cluster"], 64), (["up", "/"], 64), (["up", "/etc"], 64),
      (["down", "/etc"], 64), (["enter", "/etc", "/bin/true"], 69), (["up", "/tmp/x", "--owner", "99999999"], 64),
    ] as [([String], Int32)])
  func wrongFolders(_ words: [String], _ code: Int32) async throws {
    let ending = try await Tool.run([Tool.script(words[0])] + words.dropFirst())
    #expect(ending.code == code)
    #expect(ending.messages.contains("cure:"))
  }
}
