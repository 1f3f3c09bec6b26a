package import FleetModel
package import Intake
package import Rollout

/// Everything a rehearsal can be told.
package struct RehearsalOptions: Sendable {
  package var sources: [InputSource] = []
  package var strictInput = false
  /// Calls that were seen, beside those that the sources show.
  package var traffic: [TrafficReport] = []
  package var out = "out"
  /// Users' requests per second over the whole fleet.
  package var requestsPerSecond = 60.0
  package var capacity: Int?
  package var limits = CanaryLimits()
  /// Of kind Requirements; nil: the stated defaults.
  package var requirementsFile: InputSource?
  /// A plan that was reviewed: exactly this one is rehearsed, or none.
  package var planFile: InputSource?
  /// Of kind Plant.
  package var plantFile: InputSource?
  package var kernelFidelity = false

  package init() {}

  /// What a resume must know again; kept in the journal's first record.
  var journalled: [String: String] {
    var result = [
      "requestsPerSecond": "\(requestsPerSecond)", "tolerance": "\(limits.tolerance)", "alpha": "\(limits.alpha)",
      "beta": "\(limits.beta)", "margin": "\(limits.margin)", "kernelFidelity": "\(kernelFidelity)",
      "strictInput": "\(strictInput)",
    ]
    if let capacity { result["capacity"] = "\(capacity)" }
    return result
  }

  mutating func restore(_ kept: [String: String]) {
    requestsPerSecond = kept["requestsPerSecond"].flatMap(Double.init) ?? requestsPerSecond
    limits.tolerance = kept["tolerance"].flatMap(Double.init) ?? limits.tolerance
    limits.alpha = kept["alpha"].flatMap(Double.init) ?? limits.alpha
    limits.beta = kept["beta"].flatMap(Double.init) ?? limits.beta
    limits.margin = kept["margin"].flatMap(Double.init) ?? limits.margin
    kernelFidelity = kept["kernelFidelity"] == "true"
    strictInput = kept["strictInput"] == "true"
    capacity = kept["capacity"].flatMap { Int($0) } ?? capacity
  }
}
