import Breach
import FleetModel
import Foundation
import Intake
import Reachability

@testable import CommandLine

/// A small shop with one way through everything: an entry, a privileged pod, an open network, a secret worth having.
enum PathsFixture {
  static let shop = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      replicas: 3
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          automountServiceAccountToken: false
          containers:
          - {name: main, image: example.com/web:1, securityContext: {privileged: true}, ports: [{containerPort: 8080}]}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: base, namespace: shop, labels: {bulkhead.dev/jewel: "50"}}
    spec:
      selector: {matchLabels: {app: base}}
      template:
        metadata: {labels: {app: base}}
        spec:
          automountServiceAccountToken: false
          containers: [{name: main, image: example.com/base:1, ports: [{containerPort: 5432}]}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
    ---
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: base, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: base}}
      ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]

    """

  /// The same with names and values that nobody should hand on as they are.
  static let hostile = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: "a\\e[31m<script>\\"x", namespace: "n\\u202Es"}
    spec:
      selector: {matchLabels: {app: a}}
      template:
        metadata: {labels: {app: a}}
        spec:
          containers: [{name: "c\\a</svg>", image: "i\\n", securityContext: {privileged: true}}]
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: other, namespace: "n\\u202Es", labels: {bulkhead.dev/jewel: "x"}}
    spec:
      selector: {matchLabels: {app: b}}
      template: {metadata: {labels: {app: b}}, spec: {containers: [{name: main, image: a}]}}

    """

  static func fleet(_ yaml: String) throws -> Fleet {
    try Intake().read([InputSource(name: "shop.yaml", bytes: Array(yaml.utf8))]).fleet
  }

  static func analysis(_ yaml: String) throws -> BreachAnalysis {
    BreachAnalysis(try BreachGraphBuilder(AuditContext(try fleet(yaml))).build())
  }
}

/// Files beside the tests that hold what a command is meant to print. BULKHEAD_GOLDEN=write makes them anew.
enum PathsGolden {
  static func isEqual(_ text: String, _ name: String) throws -> Bool {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden").appendingPathComponent(name)
    if ProcessInfo.processInfo.environment["BULKHEAD_GOLDEN"] == "write" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    return try String(contentsOf: file, encoding: .utf8) == text
  }
}
