// swift-tools-version: 6.2
import PackageDescription

/// Settings every Swift target shares: language mode 6 comes with the tools version.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  // One configuration serves users and tests alike (docs/decisions/0002).
  .unsafeFlags(["-enable-testing"]),
]

/// For programs that run inside pods: one file, no runtime libraries to find, and a start of a few milliseconds.
let standalone: [LinkerSetting] = [
  .unsafeFlags(["-static-stdlib"]), .linkedLibrary("_FoundationCShims"), .linkedLibrary("_FoundationCollections"),
  .linkedLibrary("swiftSynchronization"),
]

/// A library room. `Scripts/check-rooms` holds the directions in which rooms may import each other.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let compression = Target.Dependency.product(name: "NIOHTTPCompression", package: "swift-nio-extras")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "bulkhead",
  products: [
    .executable(name: "bulkhead", targets: ["bulkhead"]),
    .executable(name: "bulkhead-standin", targets: ["bulkhead-standin"]),
    .executable(name: "bulkhead-init", targets: ["bulkhead-init"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // Values
    room("Diagnostics"),
    room("FleetModel", ["Diagnostics"]),
    room("StandinProtocol"),
    // Engines
    room("Intake", ["IntentModel", "FleetModel", "Diagnostics", yams]),
    room("IntentModel", ["FleetModel", "Diagnostics"]),
    room("AccessControl", ["FleetModel", "Diagnostics"]),
    room("PodSecurity", ["FleetModel", "Diagnostics"]),
    room("Reachability", ["IntentModel", "FleetModel", "Diagnostics"]),
    room("Breach", ["Reachability", "AccessControl", "IntentModel", "FleetModel", "Diagnostics"]),
    room("MeshTraps", ["Reachability", "IntentModel", "FleetModel", "Diagnostics"]),
    room("Policies", ["Reachability", "IntentModel", "FleetModel", "Diagnostics"]),
    room("MeshChoice", ["MeshTraps", "IntentModel", "FleetModel", "Diagnostics"]),
    room(
      "Audit",
      [
        "Breach", "MeshTraps", "PodSecurity", "Reachability", "AccessControl", "Intake", "IntentModel", "FleetModel",
        "Diagnostics", crypto, yams,
      ]),
    room("Planning", ["Intake", "Judgement", "IntentModel", "FleetModel", "Diagnostics", crypto, yams]),
    room("Judgement", ["Diagnostics"]),
    room("Trials", ["IntentModel", "FleetModel", "Judgement", "Diagnostics"]),
    room("Rollout", [crypto, "Planning", "IntentModel", "Trials", "Judgement", "Breach", "FleetModel", "Diagnostics"]),
    // Adapters
    .target(name: "CLinux"),
    .target(name: "CProbe"),
    room("Linux", ["CLinux", "Diagnostics", subprocess, system]),
    room(
      "Twin",
      [
        "Linux", "StandinProtocol", "Rollout", "Planning", "Trials", "Breach", "IntentModel", "FleetModel",
        "Diagnostics",
      ] + nio),
    room("EnvoyMesh", ["IntentModel", "FleetModel", "Diagnostics", x509, asn1, crypto, nioHTTP, nioTLS, nioSSL] + nio),
    room("JournalStore", ["Rollout", "Diagnostics", grdb, crypto]),
    room(
      "KubernetesAPI",
      [
        "Intake", "IntentModel", "FleetModel", "Diagnostics", yams, httpClient, compression, nioSSL, subprocess, system,
        nioHTTP,
      ] + nio),
    room(
      "KubernetesTarget",
      [
        "KubernetesAPI", "StandinProtocol", "Rollout", "Planning", "Trials", "Breach", "Policies", "Intake",
        "IntentModel", "FleetModel", "Diagnostics", crypto,
      ]),
    room("Scanners", ["FleetModel", "Diagnostics", nioHTTP] + nio),
    room("Telemetry", ["Diagnostics", nioHTTP] + nio),
    room("MetricSources", ["Judgement", "FleetModel", "Diagnostics", nioHTTP] + nio),
    // Faces
    room(
      "Reports",
      [
        "Rollout", "Trials", "Planning", "Audit", "MeshTraps", "PodSecurity", "AccessControl", "Reachability", "Breach",
        "IntentModel", "Judgement", "FleetModel", "Diagnostics",
      ]),
    room(
      "Composition",
      [
        "Twin", "EnvoyMesh", "KubernetesAPI", "KubernetesTarget", "JournalStore", "Linux", "Scanners", "MetricSources",
        "Telemetry", "Intake", "Planning", "Rollout", "Trials", "Judgement", "Audit", "Breach", "Policies", "Reports",
        "Reachability", "IntentModel", "FleetModel", "StandinProtocol", "Diagnostics", crypto, subprocess,
      ]),
    room(
      "CommandLine",
      [
        "Composition", "Intake", "Planning", "Rollout", "Trials", "Judgement", "Audit", "MeshTraps", "PodSecurity",
        "AccessControl", "Reachability", "Breach", "IntentModel", "Reports", "Policies", "MeshChoice", "FleetModel",
        "Diagnostics", argumentParser,
      ]),
    // Executables
    .executableTarget(name: "bulkhead", dependencies: ["CommandLine", "Diagnostics"], swiftSettings: strict),
    .executableTarget(
      name: "bulkhead-standin", dependencies: ["StandinProtocol", "Diagnostics", "CProbe", nioHTTP] + nio,
      swiftSettings: strict, linkerSettings: standalone),
    .executableTarget(
      name: "bulkhead-init", dependencies: ["CLinux"], swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-static-stdlib"])]),
    // Tests
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    tests("AccessControl", ["AccessControl", "FleetModel", "Diagnostics"]),
    tests("PodSecurity", ["PodSecurity", "FleetModel", "Intake", "Diagnostics"]),
    tests("Reachability", ["Reachability", "IntentModel", "FleetModel", "Intake", "Diagnostics"]),
    tests("MeshTraps", ["MeshTraps", "IntentModel", "FleetModel", "Intake", "Diagnostics"]),
    tests("Policies", ["Policies", "Reachability", "IntentModel", "FleetModel", "Intake", "Diagnostics"]),
    tests("MeshChoice", ["MeshChoice", "IntentModel", "FleetModel", "Intake", "Diagnostics"]),
    tests(
      "Audit", ["Audit", "Breach", "MeshTraps", "PodSecurity", "IntentModel", "FleetModel", "Intake", "Diagnostics"]),
    tests(
      "CommandLine",
      [
        "CommandLine", "Audit", "Breach", "Composition", "Diagnostics", "FleetModel", "Intake", "IntentModel",
        "Judgement", "MeshChoice", "Planning", "Policies", "Reachability", "Reports", "Rollout", argumentParser,
      ], exclude: ["Golden"]),
    tests(
      "Reports",
      [
        "Reports", "Audit", "CommandLine", "Intake", "Rollout", "Planning", "Trials", "IntentModel", "FleetModel",
        "Diagnostics", yams, argumentParser,
      ],
      exclude: ["Golden"]),
    tests("Scanners", ["Scanners", "FleetModel", "Diagnostics", nioHTTP] + nio, exclude: ["Corpus"]),
    tests(
      "MetricSources", ["MetricSources", "Judgement", "StandinProtocol", "FleetModel", "Diagnostics", nioHTTP] + nio,
      exclude: ["Corpus"]),
    tests(
      "KubernetesAPI",
      ["KubernetesAPI", "KubernetesTarget", "Intake", "FleetModel", "Diagnostics", nioHTTP, nioSSL] + nio),
    tests(
      "KubernetesTarget",
      [
        "KubernetesTarget", "KubernetesAPI", "EnvoyMesh", "Intake", "Rollout", "Planning", "Trials", "IntentModel",
        "FleetModel", "Diagnostics", "Policies", "Breach", x509, asn1, nioSSL, nioHTTP, subprocess, system,
      ] + nio, exclude: ["Golden"]),
    tests(
      "Kubernetes",
      [
        "Policies", "Intake", "IntentModel", "FleetModel", "Diagnostics", "Linux", "Trials", subprocess, system,
        httpClient, nioSSL, nioHTTP,
      ]
        + nio, exclude: ["Fixtures"]),
    tests("Telemetry", ["Telemetry", nioHTTP] + nio),
    tests("Planning", ["Planning", "Judgement", "IntentModel", "FleetModel", "Diagnostics"]),
    tests("Breach", ["Breach", "AccessControl", "Intake", "IntentModel", "FleetModel", "Diagnostics"]),
    tests("Trials", ["Trials", "IntentModel", "FleetModel", "Diagnostics"]),
    tests(
      "Rollout", ["Rollout", "Trials", "Planning", "Judgement", "Breach", "IntentModel", "FleetModel", "Diagnostics"]),
    tests("Linux", ["Linux", "CLinux"]),
    tests("Judgement", ["Judgement", "Diagnostics"], exclude: ["reference"]),
    tests("IntentModel", ["IntentModel", "FleetModel", "Diagnostics"]),
    tests(
      "Intake", ["Intake", "CommandLine", "FleetModel", "IntentModel", "Diagnostics"], exclude: ["Corpus", "Golden"]),
    tests("JournalStore", ["JournalStore", "Rollout", "Diagnostics", grdb]),
    tests("TwinContainer", ["Twin", "IntentModel", "FleetModel", "Diagnostics"]),
    tests("Standin", ["StandinProtocol"]),
    tests("EnvoyMesh", ["EnvoyMesh", "IntentModel", "FleetModel", "Diagnostics", x509, asn1, crypto]),
    tests(
      "Rehearsal",
      [
        "Composition", "Twin", "Linux", "JournalStore", "Rollout", "Planning", "Trials", "Intake", "IntentModel",
        "FleetModel", "Diagnostics", grdb, subprocess, system,
      ]),
    tests("TwinNetwork", ["Twin", "IntentModel", "FleetModel", "Diagnostics", subprocess]),
  ]
)
