import Diagnostics
import FleetModel
import IntentModel
import Testing

@Suite struct EffectiveContainerTests {
  private func effective(_ change: (inout PodSpec) -> Void = { _ in }) throws -> EffectiveContainer {
    let pod = plainPod(change)
    return try EffectiveContainer(pod.containers[0], in: pod)
  }

  @Test func aContainerThatAsksForNothingIsRootWithTheRuntimesDefaults() throws {
    let result = try effective()
    #expect(result.uid == 0 && result.gid == 0 && result.groups.isEmpty)
    #expect(result.capabilities.rawValue == 0xA804_25FB)
    #expect(result.seccomp == .unconfined)
    #expect(!result.noNewPrivileges && !result.readOnlyRoot && !result.privileged && !result.unmasked)
  }

  @Test func theContainersWordWinsOverThePods() throws {
    let result = try effective {
      $0.securityContext.runAsUser = 1
      $0.securityContext.runAsGroup = 2
      $0.securityContext.seccomp = .runtimeDefault
      $0.containers[0].securityContext.runAsUser = 10
      $0.containers[0].securityContext.seccomp = .unconfined
    }
    #expect(result.uid == 10 && result.gid == 2 && result.seccomp == .unconfined)
  }

  @Test func groupsAreJoinedSortedAndUnique() throws {
    let result = try effective {
      $0.securityContext.fsGroup = 7
      $0.securityContext.supplementalGroups = [9, 7, 3]
    }
    #expect(result.groups == [3, 7, 9])
  }

  @Test func aUserWithoutAGroupHasGroupZero() throws {
    #expect(try effective { $0.securityContext.runAsUser = 1000 }.gid == 0)
  }

  @Test func nonRootWithoutAnIdIsTakenForTheUsualImageUser() throws {
    let result = try effective { $0.securityContext.runAsNonRoot = true }
    #expect(result.uid == 65532 && result.gid == 65532)
  }

  @Test func privilegedOverridesWhatElseIsWritten() throws {
    let result = try effective {
      $0.containers[0].securityContext.privileged = true
      $0.containers[0].securityContext.droppedCapabilities = ["ALL"]
      $0.containers[0].securityContext.seccomp = .runtimeDefault
    }
    #expect(result.capabilities == .all && result.seccomp == .unconfined && result.unmasked)
  }

  @Test(
    arguments: [
      ([], [], CapabilitySet.containerDefault),
      (["ALL"], [], .all),
      (["ALL"], ["NET_ADMIN"], CapabilitySet.all.subtracting(CapabilitySet([.netAdmin]))),
      ([], ["ALL"], []),
      (["NET_ADMIN"], ["ALL"], CapabilitySet([.netAdmin])),
      (["CAP_NET_ADMIN"], ["all"], CapabilitySet([.netAdmin])),
      (["NET_ADMIN"], ["ALL", "NET_ADMIN"], []),
      (["ALL"], ["ALL"], []),
      (["NONE_SUCH"], ["ALL"], []),
    ] as [([String], [String], CapabilitySet)])
  func capabilities(added: [String], dropped: [String], expected: CapabilitySet) throws {
    let result = try effective {
      $0.containers[0].securityContext.addedCapabilities = added
      $0.containers[0].securityContext.droppedCapabilities = dropped
    }
    #expect(result.capabilities == expected)
  }

  @Test func capabilitiesDoNotReachOtherUsersThanRoot() throws {
    let result = try effective {
      $0.securityContext.runAsUser = 1000
      $0.containers[0].securityContext.addedCapabilities = ["NET_ADMIN"]
    }
    #expect(result.capabilities.has(.netAdmin) && result.running.isEmpty)
  }

  @Test func sharedNamespaces() throws {
    let result = try effective {
      $0.hostNetwork = true
      $0.hostIPC = true
      $0.shareProcessNamespace = true
    }
    #expect(result.sharesNodeNetwork && result.sharesNodeIPC && !result.sharesNodeProcesses)
    #expect(result.sharesPodProcesses)
  }

  @Test(
    arguments: [
      { (pod: inout PodSpec) in
        pod.securityContext.runAsNonRoot = true
        pod.containers[0].securityContext.runAsUser = 0
      },
      { (pod: inout PodSpec) in
        pod.containers[0].securityContext.privileged = true
        pod.containers[0].securityContext.allowPrivilegeEscalation = false
      },
      { (pod: inout PodSpec) in
        pod.containers[0].securityContext.addedCapabilities = ["SYS_ADMIN"]
        pod.containers[0].securityContext.allowPrivilegeEscalation = false
      },
    ] as [@Sendable (inout PodSpec) -> Void])
  func whatTheClusterRefusesIsRefused(_ change: @Sendable (inout PodSpec) -> Void) throws {
    let error = #expect(throws: BulkheadError.self) { try effective(change) }
    #expect(error?.exit == .badInput && error?.location?.line == 1 && error?.cure.isEmpty == false)
  }
}
