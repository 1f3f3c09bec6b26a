package import FleetModel

/// A deliberate wrong put into a rehearsal, to see that it is caught; for tests and for learning only.
package enum PlantedWrong: Sendable, Equatable, Codable, Hashable {
  /// The sidecar of the workload's canary answers this share of requests with 503.
  case sidecarErrors(workload: ObjectReference, percent: Double)
  /// The sidecar of the workload's canary holds this share of requests up for so many milliseconds.
  case sidecarDelay(workload: ObjectReference, percent: Double, milliseconds: Int)
  /// The workload is enrolled and made strict in the first wave, whether or not its callers have an identity.
  case strictTooEarly(workload: ObjectReference)
  /// The policies generated for the target leave out one caller it needs.
  case cutCall(caller: ObjectReference, target: ObjectReference)

  package var text: String {
    switch self {
    case .sidecarErrors(let workload, let percent):
      "the sidecar of \(workload.namespace)/\(workload.name) answers \(percent) % of requests with 503"
    case .sidecarDelay(let workload, let percent, let milliseconds):
      "the sidecar of \(workload.namespace)/\(workload.name) holds \(percent) % of requests up for \(milliseconds) ms"
    case .strictTooEarly(let workload): "\(workload.namespace)/\(workload.name) is made strict in the first wave"
    case .cutCall(let caller, let target):
      "the policies of \(target.namespace)/\(target.name) leave out \(caller.namespace)/\(caller.name)"
    }
  }
}

extension Intent {
  /// The intent with the wrongs that concern policies worked in.
  package func planted(_ wrongs: [PlantedWrong]) -> Intent {
    var result = self
    for case .cutCall(let caller, let target) in wrongs where target == workload {
      for index in result.inbound.indices { result.inbound[index].callers.removeAll { $0 == caller } }
    }
    return result
  }
}
