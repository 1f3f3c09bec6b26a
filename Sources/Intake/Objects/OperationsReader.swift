import FleetModel

/// Disruption budgets and autoscalers.
enum OperationsReader {
  /// - Parameter isBeta: in `policy/v1beta1` an empty selector selects nothing.
  static func disruptionBudget(_ root: Field, _ id: ObjectReference, isBeta: Bool) -> DisruptionBudget {
    var budget = DisruptionBudget(id: id, location: root.location)
    guard let spec = root["spec"] else { return budget }
    let selector = spec["selector"].map(SelectorReader.selector)
    budget.selector = isBeta && selector?.requirements.isEmpty == true ? nil : selector
    budget.minAvailable = spec["minAvailable"].flatMap(count)
    budget.maxUnavailable = spec["maxUnavailable"].flatMap(count)
    if budget.minAvailable != nil && budget.maxUnavailable != nil {
      spec.problem("minAvailable and maxUnavailable exclude each other", fix: "keep one of them")
    }
    return budget
  }

  private static func count(_ field: Field) -> CountOrPercent? {
    guard case .string(let text) = field.scalar else {
      return field.integer(in: 0...Int(Int32.max)).map { .count($0) }
    }
    guard text.hasSuffix("%"), let percent = Int(text.dropLast()), (0...100).contains(percent) else {
      field.problem("'\(text)' is neither a number nor a percentage", fix: "write 1 or 50%")
      return nil
    }
    return .percent(percent)
  }

  static func autoscaler(_ root: Field, _ id: ObjectReference) -> Autoscaler? {
    guard let spec = root["spec"], let target = spec["scaleTargetRef"], let kind = target["kind"]?.string,
      let name = target["name"]?.string
    else {
      (root["spec"] ?? root).problem(
        "the autoscaler names nothing to scale", fix: "add spec.scaleTargetRef with kind and name", code: .unusable)
      return nil
    }
    var autoscaler = Autoscaler(
      id: id, location: root.location, target: ObjectReference(kind: kind, namespace: id.namespace, name: name))
    autoscaler.minReplicas = spec["minReplicas"]?.integer(in: 0...Int(Int32.max)) ?? 1
    autoscaler.maxReplicas = spec["maxReplicas"]?.integer(in: 1...Int(Int32.max)) ?? autoscaler.minReplicas
    if autoscaler.maxReplicas < autoscaler.minReplicas {
      spec.problem("maxReplicas is less than minReplicas", fix: "correct one of them")
    }
    autoscaler.metrics = (spec["metrics"]?.elements ?? []).compactMap(metric)
    // `autoscaling/v1` knows the processor only; without any metric the API server fills the processor in.
    if spec["targetCPUUtilizationPercentage"] != nil || spec["metrics"] == nil {
      autoscaler.metrics.append(Autoscaler.Metric(type: "Resource", name: "cpu"))
    }
    return autoscaler
  }

  private static func metric(_ field: Field) -> Autoscaler.Metric? {
    guard let type = field["type"]?.string else {
      field.problem("the metric has no type and is left out", fix: "add it")
      return nil
    }
    switch type {
    case "Resource": return named(type, field["resource"])
    case "ContainerResource":
      let source = field["containerResource"]
      return named(type, source, container: source?["container"]?.string)
    case "Pods", "Object", "External":
      let source = field[type.lowercased()]
      // `metricName` in the beta versions.
      return Autoscaler.Metric(
        type: type, name: source?["metric"]?["name"]?.string ?? source?["metricName"]?.string ?? "")
    default:
      field.problem(
        "'\(type)' is none of Resource, ContainerResource, Pods, Object, External", fix: "use one of them")
      return nil
    }
  }

  private static func named(_ type: String, _ source: Field?, container: String? = nil) -> Autoscaler.Metric {
    Autoscaler.Metric(type: type, name: source?["name"]?.string ?? "", container: container)
  }
}
