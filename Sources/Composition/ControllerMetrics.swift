import KubernetesTarget
import Rollout
import Telemetry
import Trials

/// What the controller counts.
struct ControllerMetrics: Sendable {
  private let metrics = Metrics(
    [
      .init(.gauge, "bulkhead_controller_info", "Which program this is."),
      .init(.gauge, "bulkhead_controller_leader", "1 while this one holds the lease and carries rollouts out."),
      .init(.counter, "bulkhead_controller_leases_total", "How often this one has taken the lease."),
      .init(.gauge, "bulkhead_rollouts", "Rollout objects by phase."),
      .init(.counter, "bulkhead_runs_total", "Runs that came to an end here, by outcome."),
      .init(.counter, "bulkhead_run_failures_total", "Runs that stopped before their end, to be taken up again."),
      .init(.counter, "bulkhead_waves_total", "Waves that came to an end here, by outcome."),
      .init(.counter, "bulkhead_trials_total", "Trials under faults, by outcome."),
      .init(.counter, "bulkhead_controls_total", "Security controls tried during trials, by outcome."),
      .init(.counter, "bulkhead_probes_total", "Break-out probes, by phase and outcome."),
      .init(.counter, "bulkhead_status_writes_total", "Writes of the status of Rollout objects."),
    ],
    unlabelled: [
      "bulkhead_controller_leader", "bulkhead_controller_leases_total", "bulkhead_run_failures_total",
      "bulkhead_status_writes_total",
    ])

  init() { metrics.set("bulkhead_controller_info", ["version": "0.1.0"], to: 1) }

  func leads(_ isLeading: Bool) {
    metrics.set("bulkhead_controller_leader", to: isLeading ? 1 : 0)
    if isLeading { metrics.add(to: "bulkhead_controller_leases_total") }
  }

  func statusWritten() { metrics.add(to: "bulkhead_status_writes_total") }
  func runEnded(_ phase: RolloutStatus.Phase) { metrics.add(to: "bulkhead_runs_total", ["result": phase.rawValue]) }
  func runStopped() { metrics.add(to: "bulkhead_run_failures_total") }
  func waveEnded(_ result: WaveRecord.Result) { metrics.add(to: "bulkhead_waves_total", ["result": result.rawValue]) }

  func trialEnded(_ trial: TrialRecord) {
    metrics.add(to: "bulkhead_trials_total", ["result": trial.result.rawValue])
    for control in trial.controls where control.applies {
      metrics.add(to: "bulkhead_controls_total", ["result": control.result.rawValue])
    }
  }

  func probed(_ probes: [ProbeRecord]) {
    for probe in probes {
      metrics.add(
        to: "bulkhead_probes_total", ["phase": probe.phase.rawValue, "result": probe.result.rawValue])
    }
  }

  func text(_ picture: RolloutPicture) -> String {
    for (phase, count) in picture.phases {
      metrics.set("bulkhead_rollouts", ["phase": phase.rawValue], to: Double(count))
    }
    return metrics.text
  }
}
