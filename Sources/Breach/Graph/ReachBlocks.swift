/// Sums over reachable sets by rows of bits, 512 columns at a time, so that memory stays linear.
///
/// A node with one predecessor is reached exactly by what reaches that predecessor, so its weight is carried there and
/// it needs no column. A node without a column and with one successor has that successor's row and needs none.
struct ReachBlocks {
  private typealias Weight = ReachSums.Weight
  private typealias Word8 = SIMD8<UInt64>

  private let part: ReachSums.Part
  /// Own weight and that of everything which is reached through this node alone.
  private var carried: [ReachSums.Weight]
  /// Nodes with a column, ascending.
  private var columns: [Int32] = []
  /// The row of each node; -1 means the empty row.
  private var rowOf: [Int32]
  private var rowOffsets: [Int32] = [0]
  private var rowSuccessors: [Int32] = []
  /// The column of a row's own node, or -1.
  private var ownColumn: [Int32] = []

  init(_ part: ReachSums.Part, weights: [ReachSums.Weight]) {
    self.part = part
    carried = weights
    let count = part.nodes.count
    rowOf = [Int32](repeating: -1, count: count)
    var into = [Int32](repeating: 0, count: count)
    var only = [Int32](repeating: -1, count: count)
    for node in 0..<count {
      for slot in Int(part.offsets[node])..<Int(part.offsets[node + 1]) {
        into[Int(part.successors[slot])] += 1
        only[Int(part.successors[slot])] = Int32(node)
      }
    }
    for node in 0..<count {
      if into[node] == 1 { carried[Int(only[node])] += carried[node] }
      appendRow(of: node, hasColumn: into[node] > 1)
    }
  }

  private mutating func appendRow(of node: Int, hasColumn: Bool) {
    let heads = Int(part.offsets[node])..<Int(part.offsets[node + 1])
    let start = rowSuccessors.count
    for slot in heads {
      let row = rowOf[Int(part.successors[slot])]
      if row >= 0, !(rowSuccessors.count > start && rowSuccessors.last == row) { rowSuccessors.append(row) }
    }
    let distinct = rowSuccessors.count - start
    if !hasColumn && distinct <= 1 {
      rowOf[node] = distinct == 0 ? -1 : rowSuccessors[start]
      rowSuccessors.removeSubrange(start...)
      return
    }
    if hasColumn { columns.append(Int32(node)) }
    rowOf[node] = Int32(ownColumn.count)
    ownColumn.append(hasColumn ? Int32(columns.count - 1) : -1)
    rowOffsets.append(Int32(rowSuccessors.count))
  }

  /// Adds the sums of the part's rows to those of the whole graph.
  func add(to sums: inout [ReachSums.Weight]) {
    var rowSums = [Weight](repeating: .zero, count: ownColumn.count)
    var bits = [Word8](repeating: .zero, count: ownColumn.count)
    var start = 0
    while start < columns.count {
      let end = min(start + 512, columns.count)
      sum(columns: start..<end, &bits, &rowSums)
      start = end
    }
    for (local, node) in part.nodes.enumerated() where part.isRow[local] {
      let row = Int(rowOf[local])
      if row >= 0 { sums[Int(node)] += rowSums[row] }
      let hasColumn = row >= 0 && ownColumn[row] >= 0 && columns[Int(ownColumn[row])] == Int32(local)
      if !hasColumn { sums[Int(node)] += carried[local] }
    }
  }

  private func sum(columns block: Range<Int>, _ bits: inout [Word8], _ sums: inout [ReachSums.Weight]) {
    let table = BlockWeights(block.map { carried[Int(columns[$0])] })
    // Rows before the first column's own can reach none of them.
    let first = rowOf[Int(columns[block.lowerBound])]
    bits.withUnsafeMutableBufferPointer { bits in
      rowSuccessors.withUnsafeBufferPointer { heads in
        for row in Int(first)..<ownColumn.count {
          var word = Word8.zero
          for slot in Int(rowOffsets[row])..<Int(rowOffsets[row + 1]) where heads[slot] >= first {
            word |= bits[Int(heads[slot])]
          }
          let own = Int(ownColumn[row])
          if block.contains(own) {
            let position = Int(table.positions[own - block.lowerBound])
            word[position >> 6] |= 1 << UInt64(position & 63)
          }
          bits[row] = word
          if word != .zero { table.add(word, to: &sums[row]) }
        }
      }
    }
  }
}

/// The weights of 512 columns, laid out so that most words of 64 hold equal ones and are counted, not looked up.
struct BlockWeights {
  /// Bit of each column in its block.
  let positions: [Int16]
  private var uniform: [ReachSums.Weight?] = []
  /// For words with different weights: 8 tables of 256 sums, one for each byte.
  private var tables: [[ReachSums.Weight]] = []

  init(_ weights: [ReachSums.Weight]) {
    let order = weights.indices.sorted {
      (weights[$0].pods, weights[$0].value, $0) < (weights[$1].pods, weights[$1].value, $1)
    }
    var positions = [Int16](repeating: 0, count: weights.count)
    for (position, index) in order.enumerated() { positions[index] = Int16(position) }
    self.positions = positions
    for word in 0..<8 {
      let members = order.dropFirst(word * 64).prefix(64).map { weights[$0] }
      let isUniform = members.allSatisfy { $0 == members.first }
      uniform.append(isUniform ? members.first ?? .zero : nil)
      tables.append(isUniform ? [] : Self.table(members))
    }
  }

  private static func table(_ members: [ReachSums.Weight]) -> [ReachSums.Weight] {
    var table = [ReachSums.Weight](repeating: .zero, count: 8 * 256)
    for byte in 0..<8 {
      for pattern in 1..<256 {
        let bit = byte * 8 + pattern.trailingZeroBitCount
        var sum = table[byte * 256 + (pattern & (pattern - 1))]
        if bit < members.count { sum += members[bit] }
        table[byte * 256 + pattern] = sum
      }
    }
    return table
  }

  func add(_ word: SIMD8<UInt64>, to sum: inout ReachSums.Weight) {
    for index in 0..<8 {
      var bits = word[index]
      guard bits != 0 else { continue }
      if let each = uniform[index] {
        let count = bits.nonzeroBitCount
        sum.pods += count * each.pods
        sum.value += Double(count) * each.value
        continue
      }
      var slot = 0
      while bits != 0 {
        sum += tables[index][slot + Int(bits & 255)]
        bits >>= 8
        slot += 256
      }
    }
  }
}
