import Diagnostics
package import FleetModel
import KubernetesAPI

/// The one field that a rollout changes though its owner has set it, for as long as a wave lasts: it keeps pods from
/// a new template. An annotation beside it tells what it was, so that whoever comes after a crash can give it back.
package struct HeldStrategy: Sendable, Equatable {
  /// What the owner wants; null where the field was not there.
  package var original: DocumentValue
  package var present: DocumentValue

  /// Nil for an object that is as its owner wants it.
  /// - Throws: `BulkheadError` for an annotation that is none of ours.
  package init?(of live: DocumentValue) throws {
    guard let text = live[path: "metadata", "annotations", ClusterNames.held]?.string else { return nil }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts[0].hasPrefix("owner="), parts[1].hasPrefix("now=") else {
      throw BulkheadError(
        .configuration,
        "the annotation \(ClusterNames.held) cannot be read: \(String(text.prefix(100)).safeForTerminal)",
        cure: "set the object's spec.updateStrategy as it should be, and remove the annotation")
    }
    func value(_ text: Substring) -> DocumentValue {
      text.isEmpty ? .null : Int(text).map { .integer($0) } ?? .string(String(text))
    }
    (original, present) = (value(parts[0].dropFirst("owner=".count)), value(parts[1].dropFirst("now=".count)))
  }

  private init(original: DocumentValue, present: DocumentValue) {
    (self.original, self.present) = (original, present)
  }

  private var text: String {
    func word(_ value: DocumentValue) -> String { value.integer.map { "\($0)" } ?? value.string ?? "" }
    return "owner=\(word(original)),now=\(word(present))"
  }

  /// The merge patch after which so many pods, and no more, take a new template; nil where it is so already.
  /// - Parameter canaries: nil for all pods.
  /// - Throws: `BulkheadError` where somebody else has a say in the field.
  package static func holding(
    _ live: DocumentValue, _ kind: any WorkloadKind, canaries: Int?
  ) throws -> DocumentValue? {
    guard let field = kind.heldField(live) else { return nil }
    let held = try HeldStrategy(of: live)
    let current = value(live, field)
    if let held, held.present != current {
      throw BulkheadError(
        .configuration, "\(field.joined(separator: ".")) was changed while a wave needed it",
        cure: "leave it alone until the wave is over")
    }
    let original = held?.original ?? current
    let pods = kind.progress(live).wanted
    let wanted = kind.heldValue(canaries: canaries ?? pods, of: pods, original: original)
    // A canary is told by it even where its owner's value does: such a wave is put back template first.
    let isDue = wanted != original || canaries ?? pods < pods
    let note = isDue ? HeldStrategy(original: original, present: wanted) : nil
    guard wanted != current || note != held else { return nil }
    if wanted != original, wanted != current, let manager = appliers(live, field).first {
      throw BulkheadError(
        .configuration, "\(field.joined(separator: ".")) belongs to \(manager), and no canary can do without it",
        cure: "leave it out of what \(manager) applies, or make the strategy OnDelete for the rollout")
    }
    return patch(field, wanted, note: note)
  }

  /// The merge patch that gives the field back; nil where nothing is held. What somebody else has made of it stays.
  package static func releasing(_ live: DocumentValue, _ kind: any WorkloadKind) throws -> DocumentValue? {
    guard let held = try HeldStrategy(of: live) else { return nil }
    guard let field = kind.heldField(live), held.present == value(live, field) else {
      return patch([], .null, note: nil)
    }
    return patch(field, held.original, note: nil)
  }

  /// The merge patch after which all pods go back with their template; nil where it is so already. Unlike a wave that
  /// goes on, one that is put back does not end where somebody has changed the field: theirs stays.
  package static func opening(_ live: DocumentValue, _ kind: any WorkloadKind) throws -> DocumentValue? {
    if let held = try HeldStrategy(of: live), held.present != kind.heldField(live).map({ value(live, $0) }) {
      return patch([], .null, note: nil)
    }
    return try holding(live, kind, canaries: nil)
  }

  private static func value(_ live: DocumentValue, _ field: [String]) -> DocumentValue {
    field.reduce(live) { $0[$1] ?? .null }
  }

  private static func patch(_ field: [String], _ value: DocumentValue, note: HeldStrategy?) -> DocumentValue {
    let annotation: DocumentValue = note.map { .string($0.text) } ?? .null
    let patch = DocumentValue.map(["metadata": .map(["annotations": .map([ClusterNames.held: annotation])])])
    // A field that was not there was alone in its place.
    let place = value == .null ? field.dropLast() : field[...]
    return place.isEmpty ? patch : patch.setting(Array(place), to: value)
  }

  /// Who would write the field again: those who apply it. Who has once written it does not come back by itself.
  static func appliers(_ live: DocumentValue, _ field: [String]) -> [String] {
    let entries = live[path: "metadata", "managedFields"]?.elements ?? []
    let managers = entries.compactMap { entry -> String? in
      guard entry["operation"]?.string == "Apply", let manager = entry["manager"]?.string,
        manager != KubernetesClient.fieldManager
      else { return nil }
      let owned = field.reduce(entry["fieldsV1"]) { $0?["f:\($1)"] }
      return owned == nil ? nil : manager.safeForTerminal
    }
    return Set(managers).sorted()
  }
}
