package import Trials

/// What a person watching a run may want to see as it happens. Nothing depends on it being seen.
package enum RolloutProgress: Sendable {
  case preparing(wave: Int)
  case waveStarted(WaveRecord, of: Int)
  case share(percent: Int, [JudgedWorkload])
  case shareDone(ShareRecord)
  /// A share has no verdict in time, and the plan has it wait.
  case held(String)
  /// As people asked.
  case paused
  case awaitingApproval(wave: String)
  /// The plan has the wave begin later: when, in RFC 3339.
  case awaitingTime(wave: String, String)
  /// The wave failed and stays as it is, as people asked.
  case frozen(wave: String)
  case promoted
  case trialStarted(Trial)
  case trialDone(TrialRecord)
  case probesDone([ProbeRecord])
  case undoing(String)
  case waveDone(WaveRecord)
}

package protocol RolloutObserver: Sendable {
  func observe(_ progress: RolloutProgress) async
}

/// Who sees a run, and who answers for it where the plan asks.
package struct RolloutWatchers: Sendable {
  package var observer: any RolloutObserver
  package var arbiter: any GateArbiter

  package init(observer: any RolloutObserver, arbiter: any GateArbiter = NobodyToAsk()) {
    self.observer = observer
    self.arbiter = arbiter
  }
}
