/// Which statement holds for a flaw in an image: of all that match, the one with the latest time.
struct VEXIndex {
  private var byName: [String: [Int]] = [:]
  private let statements: [VEXStatement]

  init(_ statements: [VEXStatement]) {
    self.statements = statements
    for (index, statement) in statements.enumerated() {
      for name in Set(statement.vulnerabilities) { byName[name, default: []].append(index) }
    }
  }

  /// Why a vulnerability does not count in an image; nil where no statement says so, or a later one takes it back.
  func suppression(of vulnerability: Vulnerability, in image: ImageIdentity) -> String? {
    guard let candidates = byName[vulnerability.id.uppercased()] else { return nil }
    var winner: VEXStatement?
    for index in candidates {
      let statement = statements[index]
      // Equal times: what stands later counts.
      if let winner, statement.moment < winner.moment { continue }
      if statement.products.contains(where: { $0.covers(vulnerability, in: image) }) { winner = statement }
    }
    guard let winner else { return nil }
    switch winner.status {
    case .notAffected:
      return "not_affected (\(winner.justification)), statement \(winner.number) of \(winner.document)"
    case .fixed: return "fixed, statement \(winner.number) of \(winner.document)"
    case .affected, .underInvestigation: return nil
    }
  }
}

/// By what an image is known.
struct ImageIdentity {
  var names: [ImageReference]
  /// `sha256:…`
  var digests: Set<String>
}

extension VEXProduct {
  /// A product is the image (then its components say which packages, all of them where there are none), or the package.
  func covers(_ vulnerability: Vulnerability, in image: ImageIdentity) -> Bool {
    guard isImage(image) else { return isPackage(of: vulnerability) }
    return components.isEmpty || components.contains { $0.isPackage(of: vulnerability) }
  }

  private func isImage(_ image: ImageIdentity) -> Bool {
    if hashes.contains(where: { image.digests.contains("sha256:\($0)") }) { return true }
    return identifiers.contains { identifier in
      if let url = PackageURL(identifier) { return url.names(image) }
      guard let reference = ImageReference(identifier) else { return false }
      if let digest = reference.digest { return image.digests.contains(digest) }
      return image.names.contains { $0.name == reference.name }
    }
  }

  private func isPackage(of vulnerability: Vulnerability) -> Bool {
    identifiers.contains { identifier in
      guard let url = PackageURL(identifier), url.type != "oci", url.type != "docker" else { return false }
      if let package = vulnerability.packageURL { return url.covers(package) }
      // Clair gives no package URLs: name and version are all there is.
      return url.name == vulnerability.package && (url.version == nil || url.version == vulnerability.installed)
    }
  }
}

extension PackageURL {
  /// Whether it names the image: `pkg:oci/NAME@sha256:…?repository_url=…&tag=…`, or `pkg:docker/OWNER/NAME@TAG`.
  func names(_ image: ImageIdentity) -> Bool {
    switch type {
    case "oci":
      if let version, !image.digests.contains(version.lowercased()) { return false }
      let place = qualifiers["repository_url"].flatMap { ImageReference($0) }
      return image.names.contains { reference in
        guard reference.repository.split(separator: "/").last.map({ $0.lowercased() }) == name.lowercased() else {
          return false
        }
        if let place, (place.registry, place.repository) != (reference.registry, reference.repository) { return false }
        return qualifiers["tag"] == nil || qualifiers["tag"] == reference.tag
      } || (image.names.isEmpty && version != nil)
    case "docker":
      let prefix = qualifiers["repository_url"].map { "\($0)/" } ?? ""
      let path = namespace.isEmpty ? name : "\(namespace)/\(name)"
      guard let place = ImageReference(prefix + path) else { return false }
      if let version, version.hasPrefix("sha256:") { return image.digests.contains(version.lowercased()) }
      return image.names.contains {
        ($0.registry, $0.repository) == (place.registry, place.repository) && (version == nil || version == $0.tag)
      }
    default: return false
    }
  }
}
