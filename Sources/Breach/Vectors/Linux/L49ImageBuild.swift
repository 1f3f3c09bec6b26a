import Diagnostics
import FleetModel
import IntentModel

extension Vector {
  package static let imageBuild = Vector(
    code: "L49", title: "Breaking out of an image build", severity: .high,
    explanation: """
      BuildKit before 0.12.5 races over cache mounts, deletes files outside of the build and lets a frontend start \
      privileged containers. Whoever hands a Dockerfile to such a builder leaves the build and is on its machine.
      """,
    mitigation: """
      Update BuildKit to 0.12.5 and Docker to 25.0.2 or 24.0.9; build rootless.
      """,
    attack: ["T1611", "T1612"],
    references: [
      "CVE-2024-23651", "CVE-2024-23652", "CVE-2024-23653", "CVE-2019-14271",
      "github.com/moby/buildkit/security/advisories/GHSA-m3r6-h7wv-7xxv",
    ],
    signature: [.call("mount", arguments: "during a build, with a source from a cache"), .execute("buildkitd")],
    example: """
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
      spec:
        containers:
        - name: app
          image: docker.io/moby/buildkit:v0.12.4
          securityContext:
            privileged: true
      """,
    rule: .linux { pod, context in
      var (evidence, undecided) = ([Evidence](), "")
      for index in pod.members.indices {
        switch builder(pod.members[index].container.image) {
        case .no: continue
        case .unknown(let reason): undecided = reason
        case .yes(let seen):
          evidence.append(
            pod.members[index].evidence(
              "container \(pod.members[index].container.name): \(seen)",
              fix: pod.patch(pod.members[index], "image: moby/buildkit:v0.12.5-rootless")))
        }
      }
      return evidence.isEmpty && !undecided.isEmpty ? .unknown(because: undecided) : .from(evidence)
    }
  )

  /// The image's tag is the builder's version. A rootless builder leaves its user nothing to break into.
  private static func builder(_ image: String) -> NodeAnswer {
    let name = image.imageName
    let isBuildKit = name == "buildkit"
    guard isBuildKit || name == "docker" else { return .no }
    let tag = image.imageTag
    if tag.hasSuffix("rootless") || (!isBuildKit && !tag.contains("dind")) { return .no }
    // A tag such as 24-dind or latest moves.
    guard let version = Version(tag), version.numbers.count >= 3 else {
      return .unknown("the version of the builder \(image) is not in its tag")
    }
    let fixes = isBuildKit ? ReleaseFix.buildKit : ReleaseFix.docker
    return switch fixes.verdict(version) {
    case .fixed, .predates: .no
    case .affected, .mayCarryFix: .yes("its image \(image) builds images with CVE-2024-23651 to 23653")
    }
  }
}
