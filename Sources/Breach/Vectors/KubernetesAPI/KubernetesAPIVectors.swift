extension VectorCatalogue {
  /// Ways through the Kubernetes API, the node's services and identities.
  static let api: [Vector] = [
    .createWorkload, .namespaceRelabelling, .enteringPods, .nodeProxy, .anonymousAccess, .readingSecrets,
    .requestingTokens, .serviceAccountToken, .elevation, .certificateApproval, .changingWorkloads, .admissionHijack,
    .kubeletCredentials, .metadataService, .externalAddress, .localhostRouting, .ingressInjection, .deliveryController,
    .nodeAgent, .tokensOfNode, .cloudIdentityMapping,
  ]
}
