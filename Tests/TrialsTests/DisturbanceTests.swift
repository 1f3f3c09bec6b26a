import Testing
import Trials

extension Double {
  fileprivate func isNear(_ other: Double) -> Bool { abs(self - other) < 1e-9 }
}

@Suite struct DisturbanceTests {
  /// One look a quarter of a second: processor time of two cores, of which so much was wanted and so much taken.
  private func looks(_ windows: [(wanted: Double, taken: Double)]) -> (disturbed: [Bool], seconds: Double) {
    var machine = MachineTime()
    var disturbance = Disturbance(from: machine)
    let disturbed = windows.map { window in
      machine.total += 0.5
      machine.idle += 0.5 - window.wanted
      machine.used += window.wanted - window.taken
      machine.stolen += window.taken
      return disturbance.look(machine, after: 0.25)
    }
    return (disturbed, disturbance.seconds)
  }

  @Test func aLookIsDisturbedWhileMuchIsTakenAndForATimeAfter() {
    let looks = looks([(0.4, 0), (0.4, 0.2), (0.4, 0), (0.4, 0), (0.4, 0), (0.4, 0.01)])
    #expect(looks.disturbed == [false, true, true, true, false, false])
    #expect(looks.seconds == 0.75)
  }

  @Test func whatIsTakenOfAnIdleMachineDisturbsNobody() {
    #expect(looks([(0.02, 0.01), (0, 0)]).seconds == 0)
  }

  @Test func aBusyMachineThatHasItsProcessorsIsNotDisturbed() {
    #expect(looks([(0.5, 0), (0.5, 0.05), (0.5, 0.1499)]).seconds == 0)
    #expect(looks([(0.5, 0.1501)]).seconds == 0.25)
  }

  @Test func whatIsTakenOfAProcessorAtRestIsMissedByNobody() {
    // By the clock it was idle nearly all the time, and the host counts the same time once more.
    var disturbance = Disturbance(from: MachineTime())
    let isDisturbed = disturbance.look(MachineTime(total: 0.5, idle: 0.48, used: 0.02, stolen: 0.3), after: 0.25)
    #expect(!isDisturbed)
    #expect(MachineTime(total: 0.5, idle: 0.1, used: 0.2, stolen: 0.3).taken(since: MachineTime()).isNear(0.2))
    // Ticks are coarse: what is not accounted for is not the host's doing.
    #expect(MachineTime(total: 0.5, idle: 0.3, used: 0.1).taken(since: MachineTime()) == 0)
  }

  @Test func aTargetThatKnowsNothingOfItsMachineIsNeverDisturbed() {
    var disturbance = Disturbance()
    // The first look at a machine has nothing to be compared with.
    let looks = [nil, MachineTime(total: 9, stolen: 9), nil].map { disturbance.look($0, after: 1) }
    #expect(looks == [false, false, false] && disturbance.seconds == 0)
  }
}
