import Diagnostics
package import FleetModel

/// Infers who calls whom from static wiring: environments, arguments and config maps.
///
/// Only a host that is a service of the fleet makes a call that can be played. What looks like an address inside the
/// cluster and matches nothing is a call to nowhere; plainly public addresses are recorded as calls to the outside.
struct CallInference {
  let fleet: Fleet
  let argumentLocations: [SourceLocation: [SourceLocation]]

  func infer() -> (calls: [Call], findings: [Finding]) {
    let directory = ServiceDirectory(fleet)
    let collector = WiringCollector(
      configMaps: Dictionary(fleet.configMaps.map { ($0.id, $0) }) { first, _ in first },
      argumentLocations: argumentLocations)
    var calls: [Call] = []
    var findings = idleServices(directory)
    for workload in fleet.workloads {
      var reader = WiringReader(caller: workload, directory: directory, texts: collector.texts(of: workload))
      reader.read()
      calls += reader.calls
      findings += reader.findings
    }
    return (calls.sorted { Self.order($0) < Self.order($1) }, findings)
  }

  private static func order(_ call: Call) -> (String, String, String, Int) {
    (call.caller.description, call.target?.description ?? "~", call.host, call.port)
  }

  private func idleServices(_ directory: ServiceDirectory) -> [Finding] {
    fleet.services
      .filter { !$0.selector.isEmpty && $0.type != "ExternalName" && directory.workloads(behind: $0).isEmpty }
      .map {
        IntakeCode.serviceWithoutWorkload.finding(
          .low, "its selector matches no pod of the input", fix: "add the workload or correct the selector",
          resource: $0.id.description, at: $0.location)
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
