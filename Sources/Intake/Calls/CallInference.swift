import Diagnostics
package import FleetModel

/// Infers who calls whom from static wiring: environments, arguments and config maps.
///
/// Only a host that is a service of the fleet makes a call that can be played. What looks like an address inside the
/// cluster and matches nothing is a call to nowhere; plainly public addresses are recorded as calls to the outside.
struct CallInference {
  let fleet: Fleet
  /// The lines of commands and arguments, for each of the fleet's workloads.
  let argumentLocations: [[[Int]]]

  func infer() -> (calls: [Call], findings: [Finding]) {
    let directory = ServiceDirectory(fleet)
    let collector = WiringCollector(configMaps: Dictionary(fleet.configMaps.map { ($0.id, $0) }) { first, _ in first })
    // Each workload's wiring is read by itself; what it costs is guessed, and matters for large fleets only.
    let parts = SideBySide.map(Array(fleet.workloads.indices), weight: { _ in 1024 }) { position in
      let lines = position < argumentLocations.count ? argumentLocations[position] : []
      let workload = fleet.workloads[position]
      var reader = WiringReader(caller: workload, directory: directory, texts: collector.texts(of: workload, lines))
      reader.read()
      return Part(caller: workload.id.description, calls: Self.sorted(reader.calls), findings: reader.findings)
    }
    let findings = idleServices(directory) + tooWide(directory) + parts.flatMap(\.findings)
    return (parts.filter { !$0.calls.isEmpty }.sorted { $0.caller < $1.caller }.flatMap(\.calls), findings)
  }

  /// What one workload's wiring says.
  private struct Part: Sendable {
    var caller: String
    var calls: [Call]
    var findings: [Finding]
  }

  /// The calls of one caller by target (nowhere last), host and port; references are compared as text.
  private static func sorted(_ calls: [Call]) -> [Call] {
    guard calls.count > 1 else { return calls }
    let keyed = calls.map { (call: $0, target: $0.target?.description ?? "~") }
    return keyed.sorted { left, right in
      (left.target, left.call.host, left.call.port) < (right.target, right.call.host, right.call.port)
    }.map(\.call)
  }

  private func tooWide(_ directory: ServiceDirectory) -> [Finding] {
    directory.cutShort.map { position in
      let service = fleet.services[position]
      return IntakeCode.limit.finding(
        .medium, "too many services select the same pods: calls to it are taken to reach its first workload alone",
        fix: "give the service a selector of its own, or read the manifests in parts",
        resource: service.id.description, at: service.location)
    }
  }

  private func idleServices(_ directory: ServiceDirectory) -> [Finding] {
    zip(fleet.services, directory.backends).compactMap { service, backend in
      guard backend.isEmpty, !service.selector.isEmpty, service.type != "ExternalName" else { return nil }
      return IntakeCode.serviceWithoutWorkload.finding(
        .low, "its selector matches no pod of the input", fix: "add the workload or correct the selector",
        resource: service.id.description, at: service.location)
    }
  }
}

extension Call {
  /// Where a call leads, for people.
  package enum Destination: String, Sendable { case workload, idleService, nowhere, outside }

  package var destination: Destination {
    if target != nil { return .workload }
    if service != nil { return .idleService }
    return HostName.clusterLabels(host) == nil && HostName.isPublic(host) ? .outside : .nowhere
  }
}
