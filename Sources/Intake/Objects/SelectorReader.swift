import FleetModel

enum SelectorReader {
  static func selector(_ field: Field) -> LabelSelector {
    var requirements = (field["matchLabels"]?.stringMap ?? [:]).sorted { $0.key < $1.key }
      .map { LabelSelector.Requirement(key: $0.key, operation: .isIn, values: [$0.value]) }
    for expression in field["matchExpressions"]?.elements ?? [] {
      guard let key = expression["key"]?.string,
        let operation = expression["operator"]?
          .oneOf(LabelSelector.Operation.self, "In, NotIn, Exists, DoesNotExist")
      else { continue }
      requirements.append(
        LabelSelector.Requirement(key: key, operation: operation, values: expression["values"]?.strings ?? []))
    }
    return LabelSelector(requirements)
  }
}
