import Diagnostics
import FleetModel
import IntentModel

extension EntranceReader {
  static func isPrometheus(_ workload: Workload) -> Bool {
    workload.pod.containers.contains { container in
      let path = container.image.prefix { $0 != "@" }
      let name = path.split(separator: "/").last.map { $0.prefix { $0 != ":" } } ?? ""
      return ["prometheus", "vmagent", "victoria-metrics", "grafana-agent", "alloy"].contains(String(name))
    }
  }

  /// Annotations, PodMonitors and ServiceMonitors. Where no Prometheus is in the input the scrape is cut, and listed.
  mutating func readScrape(_ workload: Workload) {
    for scrape in scrapes(of: workload) {
      let sources: [Entrance.Source] =
        if !scrapers.isEmpty { scrapers.map { .workload($0.id) } } else {
          options.scraperNamespace.map { [.pods(namespace: $0)] } ?? []
        }
      for source in sources {
        entrances.append(
          Entrance(
            target: workload.id, port: merges(workload, scrape) ? Self.istioMergedPort : scrape.port, transport: .tcp,
            source: source,
            what: "metrics scraped (\(scrape.how))", reason: .scrape, location: scrape.location))
      }
      if sources.isEmpty {
        decisions.append(
          PolicyDecision(
            kind: .scrape, workload: workload.id,
            message: "its metrics on port \(scrape.port) are scraped (\(scrape.how)), and no Prometheus is in the "
              + "input",
            cuts: true, cure: "add Prometheus to the input, or name its namespace: --scraper-namespace",
            evidence: [FlowEvidence(.declared, scrape.how, scrape.location)]))
      }
    }
  }

  /// Istio's agent serves the metrics of application and proxy together, beside the capture (istio.io, "Prometheus").
  static let istioMergedPort = 15020

  private func merges(_ workload: Workload, _ scrape: Scrape) -> Bool {
    options.target == .istioSidecar && scrape.how == "prometheus.io/scrape"
      && workload.podAnnotations["prometheus.istio.io/merge-metrics"] != "false"
      && settings.istioMeshConfig?["enablePrometheusMerge"] != "false"
  }

  private struct Scrape {
    var port: Int
    var how: String
    var location: SourceLocation
  }

  private func scrapes(of workload: Workload) -> [Scrape] {
    var result: [Scrape] = []
    if workload.podAnnotations["prometheus.io/scrape"] == "true" {
      let declared = workload.pod.containers.lazy.flatMap(\.ports).first?.port
      let port = workload.podAnnotations["prometheus.io/port"].flatMap { Int($0) } ?? declared
      if let port, (1...65_535).contains(port) {
        result.append(Scrape(port: port, how: "prometheus.io/scrape", location: workload.location))
      }
    }
    for object in monitors {
      let endpoints: [DocumentValue]
      switch object.id.kind {
      case "PodMonitor":
        guard object.id.namespace == workload.id.namespace,
          object.spec["selector"]?.labelSelector.matches(workload.podLabels) ?? false
        else { continue }
        endpoints = object.spec["podMetricsEndpoints"]?.elements ?? []
        result += endpoints.prefix(50).compactMap { endpoint in
          port(endpoint["port"]?.string, of: workload).map {
            Scrape(port: $0, how: "PodMonitor \(object.id.name)", location: object.location)
          }
        }
      case "ServiceMonitor":
        guard object.id.namespace == workload.id.namespace else { continue }
        // Services carry no labels in the fleet: the selector is tried on what they select by.
        for service in fleet.services(of: workload) {
          guard object.spec["selector"]?.labelSelector.matches(service.selector) ?? false else { continue }
          for endpoint in (object.spec["endpoints"]?.elements ?? []).prefix(50) {
            guard let name = endpoint["port"]?.string,
              let port = service.ports.first(where: { $0.name == name })?.targetPort(in: workload)
            else { continue }
            result.append(Scrape(port: port, how: "ServiceMonitor \(object.id.name)", location: object.location))
          }
        }
      default: continue
      }
    }
    return result
  }

  private func port(_ name: String?, of workload: Workload) -> Int? {
    guard let name else { return nil }
    return workload.pod.containers.lazy.flatMap(\.ports).first { $0.name == name }?.port
  }
}
