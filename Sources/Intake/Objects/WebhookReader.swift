import FleetModel

/// `admissionregistration.k8s.io`.
enum WebhookReader {
  /// - Parameter isBeta: in `v1beta1` a webhook that does not answer is ignored unless written otherwise.
  static func configuration(_ root: Field, _ id: ObjectReference, isBeta: Bool) -> WebhookConfiguration {
    var configuration = WebhookConfiguration(id: id, location: root.location)
    configuration.labels = NamedObjectReader.labels(root["metadata"])
    configuration.webhooks = (root["webhooks"]?.elements ?? []).map { webhook($0, isBeta: isBeta) }
    return configuration
  }

  private enum FailurePolicy: String { case Fail, Ignore }
  private enum ReinvocationPolicy: String { case Never, IfNeeded }

  private static func webhook(_ field: Field, isBeta: Bool) -> WebhookConfiguration.Webhook {
    var webhook = WebhookConfiguration.Webhook(name: field["name"]?.string ?? "")
    webhook.failurePolicy =
      field["failurePolicy"]?.oneOf(FailurePolicy.self, "Fail, Ignore")?.rawValue ?? (isBeta ? "Ignore" : "Fail")
    if let reinvocation = field["reinvocationPolicy"]?.oneOf(ReinvocationPolicy.self, "Never, IfNeeded") {
      webhook.reinvocationPolicy = reinvocation.rawValue
    }
    if let client = field["clientConfig"] {
      webhook.url = client["url"]?.string
      if let service = client["service"] {
        webhook.service = ObjectReference(
          kind: "Service", namespace: service["namespace"]?.string ?? "default", name: service["name"]?.string ?? "")
        webhook.port = service["port"]?.integer(in: 1...65_535) ?? 443
      }
    }
    webhook.namespaceSelector = field["namespaceSelector"].map(SelectorReader.selector) ?? LabelSelector()
    webhook.objectSelector = field["objectSelector"].map(SelectorReader.selector) ?? LabelSelector()
    var seen: Set<String> = []
    for rule in field["rules"]?.elements ?? [] {
      for resource in rule["resources"]?.strings ?? [] where seen.insert(resource).inserted {
        webhook.resources.append(resource)
      }
    }
    return webhook
  }
}
