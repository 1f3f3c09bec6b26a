import FleetModel
import Intake
import Testing

struct ScalarTests {
  /// Unquoted scalars where a string is wanted: what Kubernetes refuses is a finding, and the text stays as written.
  @Test(arguments: [
    ("no", true), ("yes", true), ("on", true), ("y", true), ("true", true), ("8080", true), ("1e3", true),
    ("0o17", true),
    ("0x1F", true), ("1_000", true), (".5", true), ("-1", true), ("12:30", false), ("12:30:45", false), ("v1.2", false),
    ("1.2.3", false), ("2024-01-02", false), ("0o", false), ("nope", false), ("'no'", false), ("\"1e3\"", false),
    ("!!str 12", false), ("-", false), ("+a", false),
  ])
  func stringsStayStrings(_ text: String, _ isFinding: Bool) throws {
    let result = try Support.read(
      Support.deployment("a", container: "env:\n- {name: X, value: \(text)}\n"))
    let plain = text.filter { $0 != "'" && $0 != "\"" }
    let expected = plain.hasPrefix("!!str ") ? "12" : plain
    #expect(result.fleet.workloads.first?.pod.containers.first?.environment.first?.source == .literal(expected))
    #expect(result.marks == (isFinding ? ["BH-INTAKE-005 13"] : []))
  }

  @Test(
    arguments: [
      ("100m", 100, 1), ("0.5", 500, 1), ("1e3", 1_000_000, 1000), ("64Mi", 67_108_864_000, 67_108_864),
      ("1.5Gi", 1_610_612_736_000, 1_610_612_736),
      ("1", 1000, 1), (".5", 500, 1), ("1.", 1000, 1),
      ("1E", 1_000_000_000_000_000_000_000 / 1000, 1_000_000_000_000_000_000), ("12e-3", 12, 1),
      ("1n", 1, 1), ("0", 0, 0), ("-1", -1000, -1), ("0.1", 100, 1), ("1k", 1_000_000, 1000), ("1u", 1, 1),
      ("9223372036854775807n", 9_223_372_036_855, 9_223_372_037), ("+2M", 2_000_000_000, 2_000_000),
    ] as [(String, Int128, Int)])
  func quantitiesAreExact(_ text: String, _ milli: Int128, _ units: Int) throws {
    let quantity = try #require(Quantity(text))
    #expect(quantity.units == units)
    if text != "1E" { #expect(quantity.milli.map { Int128($0) } == milli) } else { #expect(quantity.milli == nil) }
  }

  @Test(arguments: [
    "", "m", "1 m", "1mi", "1KI", "0x10", "1e", "--1", "1e99999", "1.2.3", "٣", String(repeating: "9", count: 70),
  ])
  func badQuantitiesAreRefused(_ text: String) { #expect(Quantity(text) == nil) }

  @Test func numbersAreNotStrings() throws {
    let result = try Support.read(
      """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: a}
      spec:
        replicas: "3"
        template: {spec: {containers: [{name: c, ports: [{containerPort: 0o17}, {containerPort: 1e3}]}]}}
      """)
    #expect(result.marks == ["BH-INTAKE-005 5"])
    #expect(result.fleet.workloads.first?.pod.containers.first?.ports.map(\.port) == [15, 1000])
  }
}
