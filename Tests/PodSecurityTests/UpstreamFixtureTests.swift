import Diagnostics
import FleetModel
import Foundation
import Intake
import PodSecurity
import Testing

/// The pods with which Kubernetes tests its own admission controller: `testdata` of `k8s.io/pod-security-admission`,
/// laid out as `{baseline,restricted}/vX.Y/{pass,fail}/<control in small letters><number>.yaml`. They are not part of
/// this repository: name the folder in `BULKHEAD_PSS_FIXTURES`.
@Suite struct UpstreamFixtureTests {
  static let folder = ProcessInfo.processInfo.environment["BULKHEAD_PSS_FIXTURES"]

  @Test(
    "every pod of the standard's own tests is judged as Kubernetes judges it",
    .enabled(if: folder != nil, "SKIPPED: set BULKHEAD_PSS_FIXTURES to the testdata of pod-security-admission"))
  func fixtures() throws {
    let root = URL(filePath: try #require(Self.folder))
    var (judged, wrong): (Int, [String]) = (0, [])
    for level in [PodSecurityLevel.baseline, .restricted] {
      for folder in try Self.names(root.appending(path: level.rawValue)) {
        let version = try #require(PodSecurityVersion(folder))
        for outcome in ["pass", "fail"] {
          let place = root.appending(path: "\(level.rawValue)/\(folder)/\(outcome)")
          for file in try Self.names(place) where file.hasSuffix(".yaml") {
            judged += 1
            let problems = try Self.judge(place.appending(path: file), level, version, passes: outcome == "pass")
            wrong += problems.map { "\(level.rawValue)/\(folder)/\(outcome)/\(file): \($0)" }
          }
        }
      }
    }
    print("Pod Security fixtures judged: \(judged), wrong: \(wrong.count)")
    #expect(judged > 1000)
    let count = wrong.count
    #expect(count == 0, "\(wrong.prefix(20).joined(separator: "\n"))")
  }

  private static func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private static func judge(
    _ file: URL, _ level: PodSecurityLevel, _ version: PodSecurityVersion, passes: Bool
  ) throws -> [String] {
    let bytes = [UInt8](try Data(contentsOf: file))
    let fleet = try Intake().read([InputSource(name: file.lastPathComponent, bytes: bytes)]).fleet
    guard let workload = fleet.workloads.first else { return ["no pod was read"] }
    let verdict = PodSecurityVerdict(of: workload, version: version)
    let refused = violations(
      of: workload.pod, annotations: workload.podAnnotations, refusedAt: level, version: version)
    if passes {
      return verdict.level >= level && refused.isEmpty ? [] : ["refused: \(verdict.violations.map(\.control))"]
    }
    let name = file.lastPathComponent.prefix { !$0.isNumber }
    var problems: [String] = []
    if refused.isEmpty || verdict.level >= level { problems.append("let in") }
    if !verdict.violations.contains(where: { $0.control.lowercased() == name }) {
      problems.append("violates \(verdict.violations.map(\.control)), not \(name)")
    }
    // Fixtures are made of a valid pod by one fault: nothing else may be found at the level but its sister control.
    let family = Self.family(String(name))
    let others = Set(refused.map { Self.family($0.control) }).subtracting([family]).subtracting(
      Self.company(of: family))
    if !others.isEmpty { problems.append("more than one fault: \(refused.map(\.control))") }
    return problems
  }

  private static func family(_ control: String) -> String {
    let first = control.prefix { $0 != "_" }.lowercased()
    return first == "restrictedvolumes" ? "hostpathvolumes" : first
  }

  /// What a fixture cannot do without: HostProcess needs the host's network, privileged allows escalation, and one pod
  /// has no `securityContext` at all.
  private static func company(of family: String) -> Set<String> {
    switch family {
    case "windowshostprocess": ["hostnamespaces"]
    case "privileged": ["allowprivilegeescalation"]
    case "allowprivilegeescalation": ["capabilities"]
    default: []
    }
  }
}
