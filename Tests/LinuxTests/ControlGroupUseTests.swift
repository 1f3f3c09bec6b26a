import Testing

@testable import Linux

@Suite struct ControlGroupUseTests {
  @Test func bothVersionsAreRead() {
    let first = ControlGroupUse(cpu: "1500000000", memory: "cache 7\nrss 4096\nmapped_file 1")
    #expect(first == ControlGroupUse(processorSeconds: 1.5, bytes: 4096))
    let second = ControlGroupUse(cpu: "usage_usec 2500000\nuser_usec 1\n", memory: "anon 8192\nfile 9\n")
    #expect(second == ControlGroupUse(processorSeconds: 2.5, bytes: 8192))
  }

  /// What is not there is not zero.
  @Test(arguments: [("", ""), ("12", ""), ("", "rss 1"), ("usage 5", "rss 1"), ("x", "rss y")])
  func whatIsMissingIsNotZero(cpu: String, memory: String) {
    #expect(ControlGroupUse(cpu: cpu, memory: memory) == nil)
  }
}
