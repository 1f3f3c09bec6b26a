import Diagnostics
package import FleetModel
import Foundation
package import IntentModel

/// What the discovery server must know beside the cluster itself: who calls whom, and which faults last. Kept in a
/// ConfigMap, so that the server can start again without anybody's help.
package struct MeshDocument: Codable, Sendable, Equatable {
  package struct Workload: Codable, Sendable, Equatable {
    package var workload: ObjectReference
    package var serviceAccount: String
    /// Labels by which its pods are known.
    package var podLabels: [String: String]
    package var inbound: [Inbound]
    package var outbound: [Outbound]
  }
  package struct Inbound: Codable, Sendable, Equatable {
    package var port: Int
    package var wireProtocol: WireProtocol
    package var callers: [ObjectReference]
    package var servesOutside: Bool
  }
  package struct Outbound: Codable, Sendable, Equatable {
    package var service: ObjectReference
    package var servicePort: Int
    package var target: ObjectReference
    package var targetPort: Int
    package var wireProtocol: WireProtocol
  }
  package struct Service: Codable, Sendable, Equatable {
    package struct Port: Codable, Sendable, Equatable {
      package var port: Int
      package var targetPort: Int
      package var wireProtocol: WireProtocol
    }
    package var service: ObjectReference
    /// The workloads that answer.
    package var targets: [ObjectReference]
    package var ports: [Port]
  }
  package struct Delay: Codable, Sendable, Equatable {
    package var caller: ObjectReference
    package var target: ObjectReference
    package var milliseconds: Int
    /// Seconds since 1970: from then on it is over, whoever is still there to end it.
    package var until: Int
  }
  /// One pod cannot reach another one.
  package struct Cut: Codable, Sendable, Equatable {
    /// The uids of the pods.
    package var caller: String
    package var target: String
    /// As of a delay.
    package var until: Int
  }

  package var schema = "bulkhead.mesh/1"
  package var trustDomain: String
  package var workloads: [Workload] = []
  package var services: [Service] = []
  package var delays: [Delay] = []
  package var cuts: [Cut] = []
  /// The uids of the namespaces by name: one that was made anew is another one.
  package var namespaces: [String: String]?

  package var hasFaults: Bool { !delays.isEmpty || !cuts.isEmpty }

  package init(trustDomain: String) { self.trustDomain = trustDomain }

  /// Of a fleet, as its calls are known.
  package init(_ fleet: Fleet, _ derivation: IntentDerivation) {
    self.init(trustDomain: derivation.trustDomain)
    for workload in fleet.workloads where !workload.podLabels.isEmpty {
      let intent = derivation.intent(of: workload, posture: .untouched)
      workloads.append(
        Workload(
          workload: workload.id, serviceAccount: workload.pod.serviceAccount, podLabels: workload.podLabels,
          inbound: intent.inbound.map {
            .init(
              port: $0.port, wireProtocol: $0.wireProtocol, callers: $0.callers, servesOutside: $0.servesOutside)
          },
          outbound: intent.outbound.map {
            .init(
              service: $0.service, servicePort: $0.servicePort, target: $0.target, targetPort: $0.targetPort,
              wireProtocol: $0.wireProtocol)
          }))
    }
    for service in fleet.services where !service.headless && service.externalName == nil {
      let targets = fleet.workloads.filter { fleet.services(of: $0).contains { $0.id == service.id } }
      let ports = service.ports.filter { $0.transport == .tcp }.compactMap { port in
        targets.lazy.compactMap { port.targetPort(in: $0) }.first.map {
          Service.Port(port: port.port, targetPort: $0, wireProtocol: port.wireProtocol)
        }
      }
      if !ports.isEmpty {
        services.append(Service(service: service.id, targets: targets.map(\.id).sorted(), ports: ports))
      }
    }
    workloads.sort { $0.workload < $1.workload }
    services.sort { $0.service < $1.service }
  }

  package var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// - Throws: `BulkheadError` for a text that is none.
  package static func read(_ text: String) throws -> MeshDocument {
    do {
      return try JSONDecoder().decode(MeshDocument.self, from: Data(text.utf8))
    } catch {
      throw BulkheadError(
        .badInput, "the ConfigMap \(ClusterNames.meshDocument) cannot be read",
        cure: "begin the rollout again; it writes the ConfigMap anew", cause: error)
    }
  }
}
