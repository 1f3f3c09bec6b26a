extension VectorCatalogue {
  /// Ways around a mesh's capture, identity and authorisation.
  static let mesh: [Vector] = [
    .proxyUser, .captureRules, .captureExclusion, .injectionOptOut, .meshHostNetwork, .uncapturedProtocols,
    .uncapturedInbound, .permissiveResidue, .enrolmentRace, .initWindow, .podAddressPassthrough, .egressNotEnforced,
    .openTunnelPort, .waypointBypass, .pathMatching, .tokenNotRequired, .sharedIdentity, .proxyCredentials,
    .proxyAdmin, .configurationHijack, .injectorEdit, .proxyOverride, .plaintextControlPlane, .authorityKey,
    .nodeAgentRights, .nodeIdentities, .gatewayCredentials, .thirdPartyAgent, .auditLeftOn, .opaquePorts,
    .injectionFailsOpen, .rawSockets,
  ]
}
