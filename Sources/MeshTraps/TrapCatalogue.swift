/// All traps, T1 first.
package enum TrapCatalogue {
  package static let all: [Trap] = [
    .startsBeforeProxy, .initNeedsNetwork, .neverCompletes, .capabilitiesRefused, .enrolmentRace, .reservedUser,
    .serverFirstPort, .unnamedPort, .conflictingServices, .probesUnderStrict, .headlessService, .directPodCalls,
    .boundToLoopback, .scrapedInPlaintext, .networkPolicyGaps, .callersOutside, .clientRuleConflict,
    .retryAmplification, .faultWithoutRetries, .chaosToolFaults, .longLivedConnections, .cloneLabels, .agentNoise,
    .webhookOrder, .staleProxy, .restartsAlone, .autoscalerShift, .ownTLSOnHTTPPort,
  ]

  package static func trap(_ code: String) -> Trap? { all.first { $0.code == code } }
}
