/// All vectors, sorted by code.
package enum VectorCatalogue {
  package static let all: [Vector] = (linux + api + mesh).sorted { $0.code < $1.code }
  /// Those that are tried for real.
  package static let probed: [Vector] = all.filter { $0.escape != nil }

  package static func vector(_ code: String) -> Vector? { all.first { $0.code == code } }
}
