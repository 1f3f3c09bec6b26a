import IntentModel
import Testing

@testable import Twin

/// The profile against the real kernel. Every prober holds all capabilities, so that EPERM can only be the filter's.
@Suite(.serialized) struct SeccompKernelTests {
  /// Neither the filter's business nor refused for their form.
  private static let alwaysOpen: Set<String> = ["io_uring_setup", "socket", "ptrace"]

  @Test func withoutCapabilitiesTheDangerousCallsAreShutAndOnlyByTheFilter() async throws {
    let bench = try RuncBench()
    let filter = RuntimeDefault(bounding: []).profile
    let answers = try await SeccompProber.answers(bench: bench, filters: [nil, filter])
    let open = try #require(answers.first)
    let shut = try #require(answers.last)
    #expect(answers.count == 2 && shut["thread"] == 0 && open["thread"] == 0)
    for call in SeccompProber.calls {
      #expect(open[call.name] != SeccompProber.refused, "\(call.name) must get through where nothing filters")
      switch call.name {
      case "clone3": #expect(shut[call.name] == SeccompProber.absent)
      case let name where Self.alwaysOpen.contains(name): #expect(shut[name] == open[name], "\(name)")
      default: #expect(shut[call.name] == SeccompProber.refused, "\(call.name)")
      }
    }
  }

  @Test func eachCapabilityOpensItsCallsAndNoOthers() async throws {
    let bench = try RuncBench()
    let groups = SystemCallGroups.opened
    let filters = groups.map { RuntimeDefault(bounding: CapabilitySet([$0.capability])).profile }
    let answers = try await SeccompProber.answers(bench: bench, filters: [nil] + filters)
    try #require(answers.count == groups.count + 1)
    let unfiltered = answers[0]
    for (group, seen) in zip(groups, answers.dropFirst()) {
      for call in SeccompProber.calls where !Self.alwaysOpen.contains(call.name) {
        if group.calls.contains(call.name) {
          #expect(seen[call.name] == unfiltered[call.name], "\(group.capability) opens \(call.name)")
        } else {
          let answer = call.name == "clone3" ? SeccompProber.absent : SeccompProber.refused
          #expect(seen[call.name] == answer, "\(group.capability) must not open \(call.name)")
        }
      }
    }
  }

  @Test func theNewerEditionShutsTheRingToo() async throws {
    let bench = try RuncBench()
    let filter = RuntimeDefault(bounding: [], edition: .containerd2).profile
    let answers = try await SeccompProber.answers(bench: bench, filters: [filter])
    #expect(answers.first?["io_uring_setup"] == SeccompProber.refused)
    #expect(answers.first?["thread"] == 0)
  }
}
