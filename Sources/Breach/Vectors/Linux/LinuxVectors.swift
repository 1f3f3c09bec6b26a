extension VectorCatalogue {
  /// Ways from a container to the kernel, the node and its neighbours.
  static let linux: [Vector] = [
    .privilegedDiskMount, .nodeNamespaces, .procRootOfNode, .traceNodeProcess, .kernelModule, .releaseAgent,
    .releaseAgentByUserNamespace, .deviceCgroup, .rawDevice, .debugFileSystem, .fileHandles, .corePattern,
    .kernelHelpers, .binaryFormats, .systemRequests, .unmaskedProc, .writableHostPath, .tokenFromHostPath,
    .logSymlink, .runtimeSocket, .dockerOverTCP, .shimSocket, .hostNetworkLoopback, .sharedMemory,
    .processEnvironment, .systemAdministration, .fileSystemContext, .userNamespaces, .netfilterTables, .packetSocket,
    .kernelPrograms, .asynchronousIO, .pageCache, .overlayFileSystem, .pageFaults, .keyrings, .performanceEvents,
    .rawMemory, .kernelExecution, .privilegeEscalation, .runtimeBinary, .workingDirectory, .maskedPaths, .mountRace,
    .sysctlInjection, .subPathLink, .gitRepository, .imageVolumes, .imageBuild, .graphicsToolkit,
    .containerFileSystem, .volumeCreation, .debugContainer, .windowsHostProcess, .resourceExhaustion,
    .nodePortBinding,
  ]
}
