import Diagnostics
import FleetModel
import Foundation
package import Intake
package import IntentModel
import MeshTraps

/// The survey for people.
package struct SurveyTable {
  private let result: IntakeResult
  private let assessed: [WorkloadReadiness]
  private let mesh: Mesh?
  private let colored: Bool

  /// - Parameter mesh: what readiness is judged for; nil before one is chosen.
  package init(_ result: IntakeResult, mesh: Mesh? = nil, colored: Bool) {
    self.result = result
    self.mesh = mesh
    assessed = Readiness.assess(result.fleet, mesh: mesh)
    self.colored = colored
  }

  /// Services, calls, readiness and findings, each as a table; what is empty is left out.
  package var text: String {
    let tables = [
      section("SERVICES", services), section("CALLS", calls),
      section(mesh.map { "READINESS FOR \($0.title.uppercased())" } ?? "READINESS FOR A MESH", readiness),
      section("REASONS", reasons), section("FINDINGS", findings),
    ].compactMap(\.self)
    return tables.isEmpty ? "no workload and no service in the input\n" : tables.joined(separator: "\n")
  }

  /// One line for standard error.
  package var summary: String {
    let fleet = result.fleet
    return "\(count(result.documents, "document")): \(count(fleet.workloads.count, "workload")), "
      + "\(count(fleet.services.count, "service")), \(count(fleet.calls.count { $0.target != nil }, "call")) inside, "
      + "\(count(result.findings.count, "finding"))"
  }

  private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  private func section(_ title: String, _ table: TextTable) -> String? {
    guard !table.rows.isEmpty else { return nil }
    return (colored ? TextColor.bold.paint(title) : title) + "\n" + table.rendered()
  }

  private func table(_ columns: [String], _ rows: [[TextTable.Cell]]) -> TextTable {
    TextTable(columns: columns, rows: rows, colored: colored)
  }

  private var services: TextTable {
    table(
      ["SERVICE", "TYPE", "PORTS", "WORKLOADS"],
      result.fleet.services.map { service in
        let ports = service.ports.map { port in
          let target =
            switch port.target {
            case .number(let number): number == port.port ? "" : "→\(number)"
            case .named(let name): "→\(name)"
            }
          return
            "\(port.port)\(target)/\(port.transport == .tcp ? port.wireProtocol.rawValue : port.transport.rawValue)"
        }
        let workloads = result.fleet.workloads(behind: service).map(\.id.name)
        return [
          .init(name(service.id)), .init(service.headless ? "headless" : service.type),
          .init(ports.joined(separator: " ")),
          workloads.isEmpty ? .init("none", .yellow) : .init(workloads.joined(separator: " ")),
        ]
      })
  }

  private var calls: TextTable {
    table(
      ["CALLER", "CALLS", "PROTOCOL", "LEADS TO", "EVIDENCE"],
      result.fleet.calls.map { call in
        let destination: TextTable.Cell =
          switch call.destination {
          case .workload: .init(call.target?.name ?? "")
          case .idleService: .init("a service without workloads", .yellow)
          case .nowhere: .init("nowhere", .red)
          case .outside: .init("outside", .dim)
          }
        let evidence =
          switch call.evidence {
          case .wiring(let text, let location): "\(location)  \(text.shortened)" + (call.isSeen ? "  (seen)" : "")
          case .observed(let observation): observation.dated
          }
        return [
          .init(name(call.caller)), .init("\(call.service.map(name) ?? call.host):\(call.port)"),
          .init(call.wireProtocol.rawValue), destination, .init(evidence),
        ]
      })
  }

  private var readiness: TextTable {
    table(
      ["WORKLOAD", "KIND", "REPLICAS", "READY", "WHY"],
      assessed.map { entry in
        let workload = result.fleet.workload(entry.workload)
        let codes = Set(entry.reasons.map(\.code)).sorted().joined(separator: " ")
        return [
          .init(name(entry.workload)), .init(entry.workload.kind),
          .init(entry.workload.kind == "DaemonSet" ? "per node" : "\(workload?.replicas ?? 0)"),
          cell(entry.level), .init(codes),
        ]
      })
  }

  private func cell(_ level: ReadinessLevel) -> TextTable.Cell {
    switch level {
    case .ready: .init("ready", .green)
    case .readyAfterFix: .init("after a fix", .yellow)
    case .notSuited: .init("not suited", .red)
    }
  }

  /// Each code once, with what to do: the table above names the workloads.
  private var reasons: TextTable {
    let all = assessed.flatMap(\.reasons)
    return table(
      ["CODE", "SEVERITY", "WHAT", "FIX"],
      Set(all.map(\.code)).sorted().compactMap { code in
        guard let reason = all.first(where: { $0.code == code }) else { return nil }
        // A trap's fix is a patch of several lines; the table has room for what it does.
        let fix = TrapCatalogue.trap(code)?.cure ?? reason.fix
        return [.init(code), cell(reason.severity), .init(reason.title), .init(fix)]
      })
  }

  private var findings: TextTable {
    let order = result.findings.enumerated().sorted {
      ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
    }
    return table(
      ["SEVERITY", "CODE", "WHERE", "WHAT"],
      order.map(\.element).map { finding in
        let subject = finding.resource.isEmpty ? "" : "\(finding.resource): "
        return [
          cell(finding.severity), .init(finding.code), .init(finding.location?.description ?? ""),
          .init("\(subject)\(finding.message); \(finding.fix)"),
        ]
      })
  }

  private func cell(_ severity: Severity) -> TextTable.Cell {
    switch severity {
    case .critical, .high: .init(severity.rawValue, .red)
    case .medium: .init(severity.rawValue, .yellow)
    case .low, .info: .init(severity.rawValue)
    }
  }

  /// `namespace/name`, or the name alone when the whole input lies in one namespace.
  private func name(_ id: ObjectReference) -> String {
    let namespaces = Set(result.fleet.workloads.map(\.id.namespace) + result.fleet.services.map(\.id.namespace))
    return namespaces.count > 1 ? "\(id.namespace)/\(id.name)" : id.name
  }
}

extension String {
  fileprivate var shortened: String { count > 80 ? prefix(79) + "…" : self }
}

extension Call {
  var isSeen: Bool { observation != nil }
}

extension Call.Observation {
  /// `seen 12 times in flows.json, last on 2026-01-31T12:00:00Z`.
  var dated: String {
    "\(text.shortened)\(lastSeenText.map { ", last \($0)" } ?? "")"
  }

  var lastSeenText: String? {
    lastSeen.map { Date(timeIntervalSince1970: Double($0)).formatted(.iso8601) }
  }
}
