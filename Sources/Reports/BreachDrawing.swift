package import Breach
import Diagnostics

/// The attack paths as a drawing of its own: layers from left to right, no script, nothing loaded.
package struct BreachDrawing {
  private let picture: BreachPicture
  private var places: [(x: Int, y: Int)] = []
  private var width = 0
  private var height = 0

  private static let box = (width: 196, height: 44)
  private static let gap = (x: 132, y: 26)
  private static let margin = 24
  /// Height of one lane above the boxes, for edges that would run through them.
  private static let laneHeight = 22
  /// By edge: its lane, counted from the boxes upwards.
  private var lanes: [Int?] = []

  package init(_ picture: BreachPicture) {
    self.picture = picture
    let layers = Self.ordered(picture)
    places = [(x: Int, y: Int)](repeating: (0, 0), count: picture.nodes.count)
    let tallest = layers.map(\.count).max() ?? 0
    for (column, members) in layers.enumerated() {
      // Shorter layers stand in the middle.
      let offset = (tallest - members.count) * (Self.box.height + Self.gap.y) / 2
      for (row, node) in members.enumerated() {
        places[node] = (
          Self.margin + column * (Self.box.width + Self.gap.x),
          Self.margin + offset + row * (Self.box.height + Self.gap.y)
        )
      }
    }
    lanes = detours()
    let room = ((lanes.compactMap(\.self).max() ?? -1) + 1) * Self.laneHeight
    for index in places.indices { places[index].y += room }
    width = max(360, 2 * Self.margin + layers.count * (Self.box.width + Self.gap.x) - Self.gap.x)
    height = room + 2 * Self.margin + max(1, tallest) * (Self.box.height + Self.gap.y) + 30
  }

  /// Nodes of each layer, ordered by where their neighbours to the left stand (one sweep each way of the barycentre
  /// method of Sugiyama, Tagawa and Toda, 1981).
  private static func ordered(_ picture: BreachPicture) -> [[Int]] {
    let count = (picture.nodes.map(\.layer).max() ?? -1) + 1
    var layers = (0..<count).map { layer in picture.nodes.indices.filter { picture.nodes[$0].layer == layer } }
    var rank = [Double](repeating: 0, count: picture.nodes.count)
    func place(_ members: [Int]) { for (row, node) in members.enumerated() { rank[node] = Double(row) } }
    layers.forEach(place)
    for sweep in 0..<4 {
      for layer in sweep.isMultiple(of: 2) ? Array(0..<count) : Array((0..<count).reversed()) {
        var keys: [Int: Double] = [:]
        for node in layers[layer] {
          let near = picture.edges.compactMap { edge -> Double? in
            let (own, other) = sweep.isMultiple(of: 2) ? (edge.to, edge.from) : (edge.from, edge.to)
            return own == node && other != node ? rank[other] : nil
          }
          keys[node] = near.isEmpty ? rank[node] : near.reduce(0, +) / Double(near.count)
        }
        layers[layer].sort { (keys[$0] ?? 0, $0) < (keys[$1] ?? 0, $1) }
        place(layers[layer])
      }
    }
    return layers
  }

  package var svg: String {
    guard !picture.nodes.isEmpty else {
      return """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 60" width="420" height="60">\
        <text x="20" y="34" font-family="sans-serif" font-size="14">No attack path was found to \
        what counts as worth having.</text></svg>

        """
    }
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
      font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12">
      """,
      "<title>Attack paths</title>",
      """
      <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
      <path d="M0,0 L8,4 L0,8 z" fill="#5b6675"/></marker><marker id="cut" viewBox="0 0 8 8" refX="7" refY="4" \
      markerWidth="6" markerHeight="6" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#b42318"/></marker></defs>
      """,
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
    ]
    parts += picture.edges.indices.map(line)
    parts += picture.nodes.indices.map(boxes)
    parts += picture.edges.indices.map(label)
    parts.append(
      """
      <text x="\(Self.margin)" y="\(height - 12)" fill="#5b6675" font-size="11">Red edges are removed by the cheapest \
      cut.</text>
      """)
    return (parts + ["</svg>"]).map { $0 + "\n" }.joined()
  }

  /// Ends of an edge: it leaves on the right and arrives on the left, or turns back above where it leads backwards.
  private func ends(_ edge: BreachPicture.Edge) -> (x1: Int, y1: Int, x2: Int, y2: Int) {
    let (from, to) = (places[edge.from], places[edge.to])
    let out = spread(edge.from) { $0.from == edge.from && $0 == edge }
    return (
      from.x + Self.box.width, from.y + Self.box.height / 2 + out, to.x, to.y + Self.box.height / 2
    )
  }

  /// Edges of one node start a little apart.
  private func spread(_ node: Int, _ isOwn: (BreachPicture.Edge) -> Bool) -> Int {
    let all = picture.edges.filter { $0.from == node }
    guard all.count > 1, let position = all.firstIndex(where: isOwn) else { return 0 }
    return (position * 2 - (all.count - 1)) * min(4, 18 / all.count)
  }

  /// A lane for each edge whose straight line crosses a box that is not its own; the longer, the higher.
  private func detours() -> [Int?] {
    let crossing = picture.edges.indices.filter { index in
      let edge = picture.edges[index]
      let (x1, y1, x2, y2) = ends(edge)
      return places.indices.contains { node in
        let (left, right) = (places[node].x, places[node].x + Self.box.width)
        guard node != edge.from, node != edge.to, left >= x1, right <= x2, x2 > x1 else { return false }
        return [left, right].contains { x in
          let y = y1 + (y2 - y1) * (x - x1) / (x2 - x1)
          return y > places[node].y - 6 && y < places[node].y + Self.box.height + 6
        }
      }
    }
    var lanes = [Int?](repeating: nil, count: picture.edges.count)
    func length(_ index: Int) -> Int { places[picture.edges[index].to].x - places[picture.edges[index].from].x }
    let order = crossing.sorted { (length($0), $0) < (length($1), $1) }
    var taken: [[ClosedRange<Int>]] = []
    for index in order {
      let edge = picture.edges[index]
      let range = places[edge.from].x...places[edge.to].x
      let lane = taken.firstIndex { $0.allSatisfy { !$0.overlaps(range) } } ?? taken.count
      if lane == taken.count { taken.append([]) }
      taken[lane].append(range)
      lanes[index] = lane
    }
    return lanes
  }

  private func laneY(_ lane: Int) -> Int {
    Self.margin + ((lanes.compactMap(\.self).max() ?? 0) - lane) * Self.laneHeight
  }

  private func line(_ index: Int) -> String {
    let edge = picture.edges[index]
    let (x1, y1, x2, y2) = ends(edge)
    let bend = max(40, abs(x2 - x1) / 2)
    var way = "C\(x1 + bend),\(y1) \(x2 - bend),\(y2) \(x2),\(y2)"
    if let lane = lanes[index] {
      let y = laneY(lane)
      let half = Self.gap.x / 2
      way =
        "C\(x1 + half),\(y1) \(x1 + half / 2),\(y) \(x1 + 2 * half),\(y) L\(x2 - 2 * half),\(y) "
        + "C\(x2 - half / 2),\(y) \(x2 - half),\(y2) \(x2),\(y2)"
    }
    let color = edge.isCut ? "#b42318" : "#8a94a3"
    return """
      <path d="M\(x1),\(y1) \(way)" fill="none" stroke="\(color)" \
      stroke-width="\(edge.isCut ? 2 : 1.4)" marker-end="url(#\(edge.isCut ? "cut" : "tip"))"/>
      """
  }

  /// In the gap before the arrow's head, where edges of different sources have parted least from their own target.
  private func label(_ index: Int) -> String {
    let edge = picture.edges[index]
    let (x1, y1, x2, y2) = ends(edge)
    let text = edge.code.isEmpty ? edge.kind.title : "\(edge.kind.title) \(edge.code)"
    let share = picture.edges.prefix(index).count { $0.to == edge.to } % 2 == 0 ? 0.5 : 0.4
    let x = x1 + Int(Double(x2 - x1) * (lanes[index] == nil ? share : 0.5))
    let y = (lanes[index].map(laneY) ?? y1 + Int(Double(y2 - y1) * share)) - 4
    return """
      <text x="\(x)" y="\(y)" text-anchor="middle" font-size="10.5" fill="\(edge.isCut ? "#b42318" : "#3b4654")" \
      stroke="#ffffff" stroke-width="3" paint-order="stroke">\(Self.escaped(text))<title>\
      \(Self.escaped(edge.message))</title></text>
      """
  }

  private func boxes(_ index: Int) -> String {
    let node = picture.nodes[index]
    let (x, y) = places[index]
    let (name, place) = Self.split(node.label)
    return """
      <g><title>\(Self.escaped(node.label))</title><rect x="\(x)" y="\(y)" width="\(Self.box.width)" \
      height="\(Self.box.height)" rx="8" fill="\(node.kind.color)" stroke="#5b6675"/>\
      <text x="\(x + Self.box.width / 2)" y="\(y + 19)" text-anchor="middle" font-weight="600">\
      \(Self.escaped(Self.short(name, 26)))</text><text x="\(x + Self.box.width / 2)" y="\(y + 35)" \
      text-anchor="middle" font-size="10.5" fill="#5b6675">\(Self.escaped(Self.short(place, 32)))</text></g>
      """
  }

  /// `namespace/name[Kind]`, with a container's name after it, in two lines: the name, and what and where it is.
  private static func split(_ label: String) -> (name: String, place: String) {
    guard let slash = label.firstIndex(of: "/"), let open = label.lastIndex(of: "["),
      let close = label.lastIndex(of: "]"), slash < open, open < close
    else { return (label, "") }
    let namespace = label[..<slash]
    let kind = String(label[label.index(after: open)..<close])
    let part = String(label[label.index(after: close)...])
    return (
      String(label[label.index(after: slash)..<open]) + part, namespace.isEmpty ? kind : "\(kind) in \(namespace)"
    )
  }

  private static func escaped(_ text: String) -> String {
    let html: HTMLText = "\(text)"
    return html.markup
  }

  private static func short(_ text: String, _ length: Int) -> String {
    text.count <= length ? text : String(text.prefix(length - 1)) + "…"
  }
}

extension BreachReason.Kind {
  /// As people read it.
  var title: String {
    switch self {
    case .breakout: "breaks out"
    case .network: "network"
    case .call: "call"
    case .api: "API right"
    case .token: "token"
    case .identity: "identity"
    case .volume: "volume"
    case .sameNode: "same node"
    case .member: "container"
    case .entry: "entry"
    case .holds: "holds"
    }
  }
}
