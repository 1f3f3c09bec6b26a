import FleetModel
import IntentModel

/// Requests and limits as the kubelet hands them to the runtime.
enum CgroupLimits {
  static func resources(_ request: ContainerRequest) -> OCISpec.Resources {
    let wanted = request.container.resources
    return OCISpec.Resources(
      cpu: cpu(wanted),
      devices: [OCISpec.DeviceRule(allow: request.security.privileged, access: "rwm")],
      memory: wanted.memoryLimitBytes.map {
        OCISpec.Memory(limit: $0, swap: request.traits.countsSwap ? $0 : nil)
      },
      pids: OCISpec.Pids(limit: request.traits.pidsLimit))
  }

  /// 1024 shares and 100 ms of each 100 ms make one CPU; the kernel takes no fewer than 2 shares and 1 ms. A limit
  /// without a request is the request too.
  static func cpu(_ wanted: Resources) -> OCISpec.CPU {
    let request = wanted.cpuRequestMilli ?? wanted.cpuLimitMilli ?? 0
    let shares = min(262_144, max(2, request * 1024 / 1000))
    guard let limit = wanted.cpuLimitMilli, limit > 0 else { return OCISpec.CPU(shares: shares) }
    return OCISpec.CPU(shares: shares, quota: max(1000, limit * 100), period: 100_000)
  }
}
