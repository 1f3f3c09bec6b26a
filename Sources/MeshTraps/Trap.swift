package import Diagnostics
import FleetModel
package import IntentModel

/// One way in which enrolling a workload in a mesh breaks it: what to look for before, and the patch that avoids it.
package struct Trap: Sendable {
  /// Stable, such as `T6`.
  package var code: String
  package var title: String
  package var severity: Severity
  /// What a hit makes of the workload, unless the hit says otherwise.
  package var level: ReadinessLevel
  /// The meshes it exists in.
  package var meshes: Set<Mesh>
  /// True for the traps that are looked for before anyone has chosen a mesh: they hold for every proxy beside an
  /// application.
  package var beforeChoice: Bool
  /// What happens, in two sentences.
  package var why: String
  /// What avoids it, in a sentence.
  package var cure: String
  package var references: [String]
  /// A manifest that has it, for `explain`; a test runs the check over it.
  package var example: String
  package var check: @Sendable (EffectivePod, TrapContext) -> [TrapHit]

  package init(
    code: String, title: String, severity: Severity, level: ReadinessLevel, meshes: Set<Mesh>,
    beforeChoice: Bool = false, why: String, cure: String, references: [String], example: String,
    check: @escaping @Sendable (EffectivePod, TrapContext) -> [TrapHit]
  ) {
    self.code = code
    self.title = title
    self.severity = severity
    self.level = level
    self.meshes = meshes
    self.beforeChoice = beforeChoice
    self.why = why
    self.cure = cure
    self.references = references
    self.example = example
    self.check = check
  }

  /// What enrolling a pod in one mesh would run into.
  package func hits(_ pod: EffectivePod, _ context: TrapContext, mesh: Mesh) -> [TrapHit] {
    guard meshes.contains(mesh) else { return [] }
    return check(pod, context).filter { $0.meshes?.contains(mesh) ?? true }
  }
}

/// One occurrence of a trap.
package struct TrapHit: Sendable, Equatable {
  package var container: String?
  package var message: String
  /// The meshes in which this occurrence bites; nil means all of the trap's.
  package var meshes: Set<Mesh>?
  package var fix: MeshText
  /// Nil means the workload's own place.
  package var location: SourceLocation?
  /// Nil means the trap's own level.
  package var level: ReadinessLevel?
  /// Completes "unknown, because …" where the input does not tell whether the trap is there.
  package var undecided: String?

  package init(
    _ message: String, fix: MeshText, container: String? = nil, meshes: Set<Mesh>? = nil,
    location: SourceLocation? = nil, level: ReadinessLevel? = nil, undecided: String? = nil
  ) {
    self.message = message
    self.fix = fix
    self.container = container
    self.meshes = meshes
    self.location = location
    self.level = level
    self.undecided = undecided
  }
}

/// A text, usually a merge patch in YAML, that differs between meshes.
package struct MeshText: Sendable, Equatable, ExpressibleByStringInterpolation {
  package var common: String
  private var own: [Mesh: String]

  package init(_ common: String, _ own: [Mesh: String] = [:]) {
    self.common = common
    self.own = own
  }

  package init(stringLiteral value: String) { self.init(value) }

  package subscript(mesh: Mesh) -> String { own[mesh] ?? common }
}

extension Set<Mesh> {
  /// Those with a proxy in each pod.
  static let sidecars: Set<Mesh> = [.istioSidecar, .linkerd, .consul, .envoy]
  static let all = Set(Mesh.allCases)
}
