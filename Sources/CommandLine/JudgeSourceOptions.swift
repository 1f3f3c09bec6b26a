import ArgumentParser
import Composition
import Diagnostics

/// Which metric source is meant.
struct JudgeSourceOptions: ParsableArguments {
  @Option(name: .long, help: "A Prometheus: http://HOST:PORT[/PREFIX].")
  var prometheus: String?
  @Option(name: .long, help: "An Envoy's admin interface: ARM=unix:/PATH or ARM=HOST:PORT; repeat for each pod.")
  var envoy: [String] = []
  @Option(name: .long, help: "A page of metrics: ARM=http://HOST:PORT/PATH; repeat for each pod.")
  var metricsPage: [String] = []
  @Option(name: .long, help: "An Envoy's access log: ARM=FILE, or FILE where each line tells its cohort; repeatable.")
  var accessLog: [String] = []
  @Option(name: .long, help: "A file of lines as 'bulkhead judge' reads them, with t in seconds since 1970.")
  var lines: String?

  @Option(name: .long, help: "What the metrics are called: istio, linkerd, consul, envoy, envoy-inbound or app.")
  var queries: String?
  @Option(name: .long, help: "The same for the baseline, where it is measured elsewhere (no sidecar yet: app).")
  var baselineQueries: String?
  @Option(name: .long, help: "Only series with LABEL=VALUE (or LABEL!=VALUE); repeatable.")
  var match: [String] = []
  @Option(name: .long, help: "The baseline's series; instead of the workload called as the service.")
  var matchBaseline: [String] = []
  @Option(name: .long, help: "The canary's series; instead of the workload called SERVICE-canary.")
  var matchCanary: [String] = []
  @Option(name: .long, help: "PromQL of your own for requests in $window; $namespace, $name and $arm are filled in.")
  var requestsExpression: String?
  @Option(name: .long, help: "The same for errors.")
  var errorsExpression: String?
  @Option(name: .long, help: "Which of an Envoy's requests: inbound:STAT_PREFIX or cluster:NAME.")
  var scope: String?

  @Option(name: .long, help: "A file with a bearer token (or BULKHEAD_METRICS_TOKEN). It travels unencrypted.")
  var tokenFile: String?
  @Option(name: .long, help: "Seconds without data after which they are stale; more than the scrape interval.")
  var patience = 30.0
  @Option(name: .long, help: "Seconds that one answer may take.")
  var timeout = 5.0
  @Option(name: .long, help: "Seconds by which samples may come late to Prometheus: a scrape under way, remote write.")
  var delay = 1.0
  @Flag(name: .long, inversion: .prefixedNo, help: "Read latencies too.")
  var latency = true
  @Flag(name: .long, help: "Count what stands in the access logs already.")
  var fromStart = false

  init() {}

  func validate() throws {
    guard patience > 0, patience <= 3_600 else { throw ValidationError("--patience must be between 0 and 3600 s") }
    guard timeout > 0, timeout <= 600 else { throw ValidationError("--timeout must be between 0 and 600 s") }
    guard delay >= 0, delay <= 3_600 else { throw ValidationError("--delay must be between 0 and 3600 s") }
  }

  var request: MetricSourceRequest {
    var request = MetricSourceRequest()
    request.prometheus = prometheus
    request.envoys = envoy
    request.pages = metricsPage
    request.accessLogs = accessLog
    request.lines = lines
    request.queries = queries
    request.baselineQueries = baselineQueries
    request.match = match
    request.matchBaseline = matchBaseline
    request.matchCanary = matchCanary
    request.requestsExpression = requestsExpression
    request.errorsExpression = errorsExpression
    request.scope = scope
    request.tokenFile = tokenFile
    request.patience = patience
    request.timeout = timeout
    request.delay = delay
    request.latency = latency
    request.fromStart = fromStart
    return request
  }
}
