import Diagnostics
import FleetModel
import Foundation
package import Intake
package import IntentModel
import MeshTraps

/// The survey for programs: `bulkhead.survey/1`. Arrays are sorted and keys are in order, so that the same input gives
/// the same bytes.
package struct SurveyDocument: Encodable {
  private var documents: Int
  private var workloads: [WorkloadEntry]
  private var services: [ServiceEntry]
  private var calls: [CallEntry]
  private var findings: [Finding]

  private struct WorkloadEntry: Encodable {
    var workload: ObjectReference
    var location: SourceLocation
    var replicas: Int
    var serviceAccount: String
    var containers: [ContainerEntry]
    var readiness: ReadinessLevel
    var reasons: [Finding]
    /// Only with a chosen mesh.
    var undecided: [Finding]?
  }

  private struct ContainerEntry: Encodable {
    var name: String
    var image: String
    var isInit: Bool
  }

  private struct ServiceEntry: Encodable {
    var service: ObjectReference
    var location: SourceLocation
    var type: String
    var headless: Bool
    var ports: [PortEntry]
    var workloads: [ObjectReference]
  }

  private struct PortEntry: Encodable {
    var name: String?
    var port: Int
    var targetPort: String
    var transport: Transport
    var wireProtocol: WireProtocol
  }

  private struct CallEntry: Encodable {
    var caller: ObjectReference
    var service: ObjectReference?
    var host: String
    var port: Int
    var target: ObjectReference?
    var wireProtocol: WireProtocol
    var destination: String
    var evidence: String
    /// Of the setting; absent where traffic alone shows the call.
    var location: SourceLocation?
    /// With `--traffic`, where it was seen.
    var observed: ObservationEntry?
  }
  struct ObservationEntry: Encodable {
    var sources: [String]
    var times: Int?
    /// RFC 3339; absent where no source tells.
    var lastSeen: String?
  }

  /// - Parameter mesh: what readiness is judged for; nil before one is chosen.
  package init(_ result: IntakeResult, mesh: Mesh? = nil) {
    let fleet = result.fleet
    documents = result.documents
    findings = result.findings
    workloads = zip(fleet.workloads, Readiness.assess(fleet, mesh: mesh)).map { workload, readiness in
      let containers =
        workload.pod.initContainers.map { ContainerEntry(name: $0.name, image: $0.image, isInit: true) }
        + workload.pod.containers.map { ContainerEntry(name: $0.name, image: $0.image, isInit: false) }
      return WorkloadEntry(
        workload: workload.id, location: workload.location, replicas: workload.replicas,
        serviceAccount: workload.pod.serviceAccount, containers: containers, readiness: readiness.level,
        reasons: readiness.reasons, undecided: mesh == nil ? nil : readiness.undecided)
    }
    services = fleet.services.map { service in
      ServiceEntry(
        service: service.id, location: service.location, type: service.type, headless: service.headless,
        ports: service.ports.map(Self.port), workloads: fleet.workloads(behind: service).map(\.id))
    }
    calls = fleet.calls.map { call in
      var entry = CallEntry(
        caller: call.caller, service: call.service, host: call.host, port: call.port, target: call.target,
        wireProtocol: call.wireProtocol, destination: call.destination.rawValue, evidence: "")
      switch call.evidence {
      case .wiring(let text, let location): (entry.evidence, entry.location) = (text, location)
      case .observed(let observation): entry.evidence = observation.text
      }
      entry.observed = call.observation.map {
        ObservationEntry(sources: $0.sources, times: $0.times, lastSeen: $0.lastSeenText)
      }
      return entry
    }
  }

  private static func port(_ port: ServicePort) -> PortEntry {
    let target =
      switch port.target {
      case .number(let number): "\(number)"
      case .named(let name): name
      }
    return PortEntry(
      name: port.name, port: port.port, targetPort: target, transport: port.transport, wireProtocol: port.wireProtocol)
  }

  /// The document as JSON with `schema` first and a newline at the end.
  package func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let body = String(decoding: try encoder.encode(self), as: UTF8.self)
    return "{\n  \"schema\" : \"bulkhead.survey/1\",\n" + body.dropFirst(2) + "\n"
  }
}
