import Diagnostics
import FleetModel
import Policies

/// The policies for people: who calls whom and through which rules, what may turn strict, what to decide.
struct PoliciesTable {
  private let report: PoliciesReport
  private let colored: Bool
  private let paint: Paint
  /// More lines of one kind than these are counted instead.
  private static let shown = 40

  init(_ report: PoliciesReport, colored: Bool) {
    self.report = report
    self.colored = colored
    paint = Paint(colored)
  }

  var text: String {
    var parts = [flows]
    if !report.set.strict.isEmpty { parts.append(strict) }
    parts.append(traffic)
    parts.append(segments)
    if !decisions.isEmpty { parts.append(paint.bold("TO DECIDE") + "\n" + decisions) }
    return parts.joined(separator: "\n")
  }

  private var flows: String {
    let rows = report.set.flows.map { flow -> [TextTable.Cell] in
      let evidence = flow.evidence.first
      let place = evidence?.location.map { " (\($0))" } ?? ""
      return [
        .init(name(flow.caller)), .init(name(flow.target)),
        .init("\(flow.port)/\(flow.transport.rawValue)"), .init(flow.wireProtocol.rawValue),
        .init("\(evidence?.text ?? "")\(place)"),
      ]
    }
    let outside = report.set.outside.map { call -> [TextTable.Cell] in
      [
        .init(name(call.caller)), .init(call.host, .yellow), .init("\(call.port)/TCP"),
        .init(call.wireProtocol.rawValue),
        .init(call.evidence.text + (call.evidence.location.map { " (\($0))" } ?? "")),
      ]
    }
    return TextTable(columns: ["FROM", "TO", "PORT", "PROTOCOL", "EVIDENCE"], rows: rows + outside, colored: colored)
      .rendered()
  }

  private var strict: String {
    let rows = report.set.strict.map { verdict -> [TextTable.Cell] in
      let first = verdict.callers.first
      let more = verdict.callers.count > 1 ? " and \(verdict.callers.count - 1) more" : ""
      switch verdict.outcome {
      case .strict: return [.init(name(verdict.workload)), .init("strict", .green), .init("no plaintext caller known")]
      case .strictWithExceptions:
        let ports = verdict.exceptions.map(String.init).joined(separator: ", ")
        return [
          .init(name(verdict.workload)), .init("strict but for \(ports)", .yellow),
          .init((first?.message ?? "") + more),
        ]
      case .refused:
        return [.init(name(verdict.workload)), .init("refused", .red), .init((first?.message ?? "") + more)]
      case .notInMesh:
        return [.init(name(verdict.workload)), .init("not in the mesh", .yellow), .init(verdict.because ?? "")]
      }
    }
    return TextTable(columns: ["WORKLOAD", "MUTUAL TLS", "WHY"], rows: rows, colored: colored).rendered()
  }

  private var traffic: String {
    let rows = report.traffic.settings.map { setting in
      [
        "\(setting.service.namespace)/\(setting.service.name)", setting.balancing.rawValue,
        setting.timeoutMilliseconds.map { "\($0) ms" } ?? "-", "\(setting.attempts)",
        setting.ejectAfterErrors.map { "after \($0) errors" } ?? "never", "\(setting.maxConnections)",
      ]
    }
    let worst = report.traffic.worstAmplification
    let line =
      rows.isEmpty
      ? ""
      : "one request reaches a service at most \(worst) times when everything fails (limit "
        + "\(report.traffic.amplificationLimit))\n"
    return TextTable(columns: ["SERVICE", "BALANCING", "TIMEOUT", "ATTEMPTS", "EJECTS", "CONNECTIONS"], rows: rows)
      .rendered() + line
  }

  private var segments: String {
    let segmentation = report.segmentation
    let rows = segmentation.segments.map { segment in
      let more = segment.members.count > 6 ? " and \(segment.members.count - 6) more" : ""
      return [segment.name, segment.members.prefix(6).map(\.name).joined(separator: ", ") + more]
    }
    return TextTable(columns: ["SEGMENT", "WORKLOADS"], rows: rows).rendered()
      + "by \(segmentation.by.safeForTerminal): \(segmentation.crossings.count) borders are crossed, "
      + "\(segmentation.barriers) are barriers\n"
  }

  private var decisions: String {
    let all = report.set.decisions
    var lines = all.prefix(Self.shown).map { decision in
      let verb = decision.cuts ? paint.red("cut ") : paint.yellow("wide")
      let place = decision.evidence.first?.location.map { " (\($0))" } ?? ""
      return "  \(verb) \("\(name(decision.workload)): \(decision.message)\(place)".safeForTerminal)\n"
        + "       \(paint.dim(decision.cure.safeForTerminal))\n"
    }
    if all.count > Self.shown { lines.append("  and \(all.count - Self.shown) more: -o json lists them all\n") }
    return lines.joined()
  }

  /// For standard error, beside YAML.
  var notes: String {
    var text = summary
    if !report.set.decisions.isEmpty { text += "to decide:\n" + decisions }
    let refused = report.set.strict.filter { $0.outcome == .refused }
    for verdict in refused.prefix(Self.shown) {
      guard let caller = verdict.callers.first else { continue }
      text += "not strict: \("\(name(verdict.workload)): \(caller.message)".safeForTerminal)\n"
    }
    return text
  }

  var summary: String {
    let set = report.set
    let strict = set.strict.count { $0.outcome == .strict || $0.outcome == .strictWithExceptions }
    let cuts = set.decisions.count(where: \.cuts)
    var text = "\(set.objects.count) objects for \(set.workloads.count) workloads, \(set.flows.count) flows, "
    if set.target.mesh != nil { text += "\(strict) of \(set.workloads.count) strict, " }
    text += "\(set.decisions.count) to decide (\(cuts) would be cut)\n"
    if !set.patches.isEmpty {
      text += "\(set.patches.count) pod templates need a patch first: --patches\n"
    }
    if set.target == .envoy {
      text += "plain Envoy: the sidecars' own rules are compiled when the plan runs; here are the network policies\n"
    }
    for finding in set.findings.prefix(Self.shown) {
      let place = finding.location.map { "\($0): " } ?? ""
      text += "\(place)\(finding.code) \(finding.message)".safeForTerminal + "\n"
    }
    return text
  }

  private func name(_ id: ObjectReference) -> String { "\(id.namespace)/\(id.name)" }

  static func text(_ answer: PolicyExplanation, colored: Bool) -> String {
    let paint = Paint(colored)
    let head = "\(answer.from) -> \(answer.to) port \(answer.port)/\(answer.transport.rawValue)".safeForTerminal
    guard answer.isNeeded else {
      let decisions = answer.decisions.map { "  to decide: \($0.message.safeForTerminal)\n" }.joined()
      return "\(paint.bold(head))\n  \(paint.red("cut")): nothing shows that it is needed\n" + decisions
    }
    var text = "\(paint.bold(head))\n"
    for evidence in answer.evidence {
      let place = evidence.location.map { " (\($0))" } ?? ""
      text += "  needed: \("\(evidence.text)\(place)".safeForTerminal)\n"
    }
    for step in answer.steps {
      text += "  \(paint.green(step.layer.safeForTerminal)): \(step.says.safeForTerminal)\n"
      guard let object = step.object else { continue }
      text += "      \(paint.dim("\(object)\(step.rule.map { " at \($0)" } ?? "")".safeForTerminal))\n"
    }
    return text
  }
}
