package import Diagnostics

/// A number or a percentage, as in `maxUnavailable`.
package enum CountOrPercent: Sendable, Equatable {
  case count(Int)
  case percent(Int)

  /// How many of a total; percentages round up, as the disruption controller does.
  package func of(_ total: Int) -> Int {
    switch self {
    case .count(let count): count
    case .percent(let percent): (total * percent + 99) / 100
    }
  }
}

/// `policy/v1` PodDisruptionBudget. A nil selector selects nothing, an empty one every pod of the namespace.
package struct DisruptionBudget: Sendable, Equatable {
  package var id: ObjectReference
  package var location: SourceLocation
  package var selector: LabelSelector?
  package var minAvailable: CountOrPercent?
  package var maxUnavailable: CountOrPercent?

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}

/// `autoscaling` HorizontalPodAutoscaler.
package struct Autoscaler: Sendable, Equatable {
  package struct Metric: Sendable, Equatable {
    /// `Resource`, `ContainerResource`, `Pods`, `Object` or `External`.
    package var type: String
    /// The resource's or metric's name, such as `cpu`.
    package var name: String
    package var container: String?

    package init(type: String, name: String, container: String? = nil) {
      self.type = type
      self.name = name
      self.container = container
    }
  }
  package var id: ObjectReference
  package var location: SourceLocation
  package var target: ObjectReference
  package var minReplicas = 1
  package var maxReplicas = 1
  package var metrics: [Metric] = []

  package init(id: ObjectReference, location: SourceLocation, target: ObjectReference) {
    self.id = id
    self.location = location
    self.target = target
  }
}

/// `networking.k8s.io/v1` Ingress.
package struct Ingress: Sendable, Equatable {
  package struct Backend: Sendable, Equatable {
    /// Empty means every host.
    package var host: String
    package var path: String
    package var service: String
    package var port: PortReference

    package init(host: String, path: String, service: String, port: PortReference) {
      self.host = host
      self.path = path
      self.service = service
      self.port = port
    }
  }
  package var id: ObjectReference
  package var location: SourceLocation
  package var className: String?
  package var annotations: [String: String] = [:]
  package var backends: [Backend] = []
  package var tlsSecrets: [String] = []

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}

/// MutatingWebhookConfiguration or ValidatingWebhookConfiguration.
package struct WebhookConfiguration: Sendable, Equatable {
  package struct Webhook: Sendable, Equatable {
    package var name: String
    /// `Fail` unless written otherwise (`admissionregistration.k8s.io/v1`).
    package var failurePolicy: String = "Fail"
    /// The service that answers; its kind is `Service`. Nil for a webhook called by URL.
    package var service: ObjectReference?
    package var port = 443
    package var url: String?
    package var namespaceSelector = LabelSelector()
    package var objectSelector = LabelSelector()
    /// Plural resources it is asked about, such as `pods`.
    package var resources: [String] = []
    package var reinvocationPolicy = "Never"

    package init(name: String) { self.name = name }
  }
  package var id: ObjectReference
  package var location: SourceLocation
  package var labels: [String: String] = [:]
  package var webhooks: [Webhook] = []

  package var mutates: Bool { id.kind == "MutatingWebhookConfiguration" }

  package init(id: ObjectReference, location: SourceLocation) {
    self.id = id
    self.location = location
  }
}
