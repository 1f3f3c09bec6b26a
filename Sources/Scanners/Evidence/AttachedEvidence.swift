package import Diagnostics
package import FleetModel

/// Reports attached to the workloads whose images they are about.
package struct AttachedEvidence: Sendable {
  /// Of each workload with a report, the chance that one of its containers falls once it is attacked; for
  /// `BreachGraphBuilder.Options.chance`.
  package var chance: [ObjectReference: Double] = [:]
  /// One for each image and class of severity, and what is odd about the reports; sorted.
  package var findings: [Finding] = []
  /// Each image that the fleet runs and a report is about.
  package var images: [AttachedImage] = []
}

/// An image of the fleet with everything that its reports say, each flaw of each package once.
package struct AttachedImage: Sendable {
  package var reference: ImageReference
  package var places: [ImagePlace]
  package var vulnerabilities: [Vulnerability]
}

/// A container that runs an image.
package struct ImagePlace: Sendable, Equatable {
  package var workload: ObjectReference
  package var container: String
  package var location: SourceLocation
}

extension EvidenceSet {
  /// Attaches the reports by digest where both sides name one, and else by the normalised name.
  ///
  /// - Parameter base: the chance that a workload falls without any known flaw.
  package func attached(to fleet: Fleet, base: Double = FallChance.base) -> AttachedEvidence {
    var result = AttachedEvidence(findings: findings)
    let index = ReportIndex(images)
    let statements = VEXIndex(self.statements)
    var used: Set<Int> = []
    var survivals: [ObjectReference: [String: Double]] = [:]
    var missing: [ImageReference] = []
    for (reference, places) in Self.places(fleet) {
      let match = index.reports(for: reference)
      used.formUnion(match.reports)
      used.formUnion(match.otherBuilds)
      if let other = match.otherBuilds.first {
        result.findings.append(Self.otherBuild(reference, images[other], places))
      }
      guard !match.reports.isEmpty else {
        if match.otherBuilds.isEmpty { missing.append(reference) }
        continue
      }
      let image = AttachedImage(
        reference: reference, places: places,
        vulnerabilities: merged(match.reports.map { images[$0] }, reference, statements))
      for place in places {
        // A flaw counts once for each container that has it: they are attacked apart.
        var known = survivals[place.workload] ?? [:]
        for flaw in image.vulnerabilities {
          let key = "\(place.container)\u{0}\(flaw.id)"
          known[key] = min(known[key] ?? 1, 1 - FallChance.ofOne(flaw))
        }
        survivals[place.workload] = known
      }
      result.findings += ImageFindings(image).all
      result.images.append(image)
    }
    for (workload, flaws) in survivals {
      // Sorted, because sums of floating point numbers depend on their order.
      result.chance[workload] = FallChance.combined(base: base, survivals: flaws.values.sorted())
    }
    result.findings += unused(used) + Self.unreported(missing, hasReports: !images.isEmpty)
    result.findings.sort {
      ($0.code, $0.resource, $0.message, $0.location?.file ?? "")
        < ($1.code, $1.resource, $1.message, $1.location?.file ?? "")
    }
    return result
  }

  /// The images of the fleet's long-lived containers, sorted, with the places where they run.
  ///
  /// Ordinary init containers and ephemeral ones end before, or begin after, anybody can attack them for long.
  private static func places(_ fleet: Fleet) -> [(ImageReference, [ImagePlace])] {
    var places: [ImageReference: [ImagePlace]] = [:]
    for workload in fleet.workloads {
      let sidecars = workload.pod.initContainers.filter { $0.restartPolicy == "Always" }
      for container in sidecars + workload.pod.containers {
        guard let reference = ImageReference(container.image) else { continue }
        places[reference, default: []].append(
          ImagePlace(workload: workload.id, container: container.name, location: container.location))
      }
    }
    return places.sorted { $0.key.description < $1.key.description }.map { ($0.key, $0.value) }
  }

  /// What several reports say of one image: each flaw of each package once, the worse severity, and suppressed only
  /// where each report that has it leaves it out or a statement does.
  private func merged(_ reports: [ImageEvidence], _ name: ImageReference, _ index: VEXIndex) -> [Vulnerability] {
    let digests = Set(reports.flatMap(\.digests) + [name.digest].compactMap(\.self))
    let identity = ImageIdentity(names: [name] + reports.flatMap(\.names), digests: digests)
    var found: [String: Vulnerability] = [:]
    for vulnerability in reports.flatMap(\.vulnerabilities) {
      var new = vulnerability
      new.knownExploited = new.knownExploited || knownExploited.contains(new.id.uppercased())
      if new.suppressedBy == nil { new.suppressedBy = index.suppression(of: new, in: identity) }
      let key = "\(new.id)\u{0}\(new.package)\u{0}\(new.installed)"
      if let old = found[key] {
        new.severity = max(new.severity, old.severity)
        new.fixed = [new.fixed, old.fixed].compactMap(\.self).min()
        if old.suppressedBy == nil { new.suppressedBy = nil }
      }
      found[key] = new
    }
    return found.sorted { $0.key < $1.key }.map(\.value)
  }

  private func unused(_ used: Set<Int>) -> [Finding] {
    images.indices.filter { !used.contains($0) }.map { position in
      let image = images[position]
      let name = image.names.first?.description ?? image.digests.first ?? "an image without a name"
      return VulnerabilityCode.noImage.finding(
        message: "no container runs \(name)", location: image.source)
    }
  }

  private static func unreported(_ missing: [ImageReference], hasReports: Bool) -> [Finding] {
    guard hasReports, !missing.isEmpty else { return [] }
    return [
      VulnerabilityCode.noReport.finding(
        message: "\(missing.count) image(s) without a report: \(few(missing.map(\.description), 5))", location: nil)
    ]
  }

  private static func otherBuild(
    _ reference: ImageReference, _ report: ImageEvidence, _ places: [ImagePlace]
  ) -> Finding {
    VulnerabilityCode.otherDigest.finding(
      message: "the report is about \(report.digests.first ?? ""), the workload runs \(reference)",
      resource: places.first.map { $0.workload.description } ?? "", location: report.source)
  }

  /// Digests of images of the fleet that no report is about yet: what to ask Clair for. Sorted.
  package func missingDigests(in fleet: Fleet) -> [String] {
    let index = ReportIndex(images)
    let missing = Self.places(fleet).map(\.0).filter { index.reports(for: $0).reports.isEmpty }
    return Set(missing.compactMap(\.digest)).sorted()
  }
}

/// Finds reports by digest and by name.
private struct ReportIndex {
  private var byDigest: [String: [Int]] = [:]
  private var byName: [String: [Int]] = [:]
  private let images: [ImageEvidence]

  init(_ images: [ImageEvidence]) {
    self.images = images
    for (index, image) in images.enumerated() {
      for digest in Set(image.digests) { byDigest[digest, default: []].append(index) }
      for name in Set(image.names.filter { $0.tag != nil }.map(\.name)) { byName[name, default: []].append(index) }
    }
  }

  /// The reports about an image, and those that bear its name but are about another build.
  func reports(for reference: ImageReference) -> (reports: [Int], otherBuilds: [Int]) {
    let named = reference.tag == nil ? [] : byName[reference.name] ?? []
    guard let digest = reference.digest else { return (named, []) }
    let exact = byDigest[digest] ?? []
    if !exact.isEmpty { return (exact, []) }
    return (named.filter { images[$0].digests.isEmpty }, named.filter { !images[$0].digests.isEmpty })
  }
}
