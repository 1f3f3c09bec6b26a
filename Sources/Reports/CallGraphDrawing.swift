import FleetModel
import IntentModel
import Planning

/// The call graph as SVG: callers left, servers right, each workload in the colour of its posture.
struct CallGraphDrawing {
  let fleet: Fleet
  let postures: [ObjectReference: Posture]
  /// Workloads from which a probe gets out.
  let open: [ObjectReference: Int]
  let title: String

  private static let box = (width: 138.0, height: 34.0, gapX: 56.0, gapY: 14.0, margin: 16.0)

  var svg: HTMLText {
    let columns = CallLayers(fleet: fleet).columns
    let tallest = columns.map(\.count).max() ?? 0
    let width = Self.box.margin * 2 + Double(columns.count) * (Self.box.width + Self.box.gapX) - Self.box.gapX
    let height = Self.box.margin * 2 + Double(tallest) * (Self.box.height + Self.box.gapY) - Self.box.gapY
    let places = places(columns, height)
    return """
      <svg viewBox="0 0 \(max(width, 200)) \(max(height, 60))" role="img" aria-label="\(title)">\(edges(places))\
      \(nodes(places))</svg>
      """
  }

  private func places(_ columns: [[ObjectReference]], _ height: Double) -> [(id: ObjectReference, x: Double, y: Double)]
  {
    columns.enumerated().flatMap { index, members in
      let used = Double(members.count) * (Self.box.height + Self.box.gapY) - Self.box.gapY
      return members.enumerated().map { row, id in
        (
          id, Self.box.margin + Double(index) * (Self.box.width + Self.box.gapX),
          (height - used) / 2 + Double(row) * (Self.box.height + Self.box.gapY)
        )
      }
    }
  }

  private func edges(_ places: [(id: ObjectReference, x: Double, y: Double)]) -> [HTMLText] {
    var drawn: Set<[ObjectReference]> = []
    let pairs = fleet.calls.flatMap { call in call.targets.map { (caller: call.caller, target: $0) } }
    return pairs.compactMap { caller, target in
      guard drawn.insert([caller, target]).inserted,
        let from = places.first(where: { $0.id == caller }), let to = places.first(where: { $0.id == target })
      else { return nil }
      let encrypted = (postures[caller]?.enrolled ?? false) && (postures[target]?.enrolled ?? false)
      let (x1, y1) = (from.x + Self.box.width, from.y + Self.box.height / 2)
      let (x2, y2) = (to.x, to.y + Self.box.height / 2)
      let bend = max(24, abs(x2 - x1) / 2)
      return """
        <path class="\(encrypted ? "mtls" : "plain")" \
        d="M\(x1) \(y1) C\(x1 + bend) \(y1) \(x2 - bend) \(y2) \(x2) \(y2)">\
        <title>\(caller.name) → \(target.name): \(encrypted ? "mutual TLS" : "plaintext")</title></path>
        """
    }
  }

  private func nodes(_ places: [(id: ObjectReference, x: Double, y: Double)]) -> [HTMLText] {
    places.map { place in
      let posture = postures[place.id] ?? .untouched
      let ways = open[place.id] ?? 0
      let name = place.id.name.count > 19 ? place.id.name.prefix(18) + "…" : place.id.name[...]
      let badge: HTMLText =
        ways == 0
        ? ""
        : """
        <circle class="ways" cx="\(place.x + Self.box.width - 2)" cy="\(place.y + 2)" r="9"/>\
        <text class="badge" x="\(place.x + Self.box.width - 2)" y="\(place.y + 6)">\(ways)</text>
        """
      return """
        <g><title>\(place.id.description): \(Self.words(posture)); \(ways) ways out</title>\
        <rect class="\(Self.style(posture))" x="\(place.x)" y="\(place.y)" width="\(Self.box.width)" \
        height="\(Self.box.height)" rx="7"/><text x="\(place.x + Self.box.width / 2)" \
        y="\(place.y + Self.box.height / 2 + 4)">\(String(name))</text>\(badge)</g>
        """
    }
  }

  private static func style(_ posture: Posture) -> String {
    switch posture.mutualTLS {
    case .absent: "bare"
    case .permissive: posture.isolated ? "guarded" : "enrolled"
    case .strict: posture.isolated ? "locked" : "guarded"
    }
  }

  static func words(_ posture: Posture) -> String {
    guard posture.enrolled else { return posture.hardened ? "hardened, no sidecar" : "as the manifest has it" }
    let parts = [
      "\(posture.mutualTLS.rawValue) mutual TLS", "authorisation \(posture.authorisation.rawValue)",
      posture.isolated ? "isolated" : "open network",
    ]
    return parts.joined(separator: ", ")
  }
}
