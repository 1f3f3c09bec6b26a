import Diagnostics
import FleetModel
import Foundation

@testable import Scanners

enum Support {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path

  static func corpus(_ name: String) throws -> ReportSource {
    let path = "\(folder)/Corpus/\(name).json"
    return ReportSource(name: "\(name).json", bytes: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
  }

  static func set(_ names: String...) throws -> EvidenceSet { try EvidenceSet.read(names.map(corpus)) }

  static func source(_ text: String) -> ReportSource { ReportSource(name: "report.json", bytes: Array(text.utf8)) }

  static func error(_ source: ReportSource) -> BulkheadError? {
    do {
      _ = try EvidenceSet.read([source])
      return nil
    } catch {
      return error as? BulkheadError
    }
  }

  /// Deployments in the namespace `shop`, each with the containers `c0`, `c1`, … of these images.
  static func fleet(_ images: [String: [String]]) -> Fleet {
    var fleet = Fleet()
    for (name, images) in images.sorted(by: { $0.key < $1.key }) {
      let place = SourceLocation(file: "\(name).yaml", line: 1)
      var workload = Workload(
        id: ObjectReference(kind: "Deployment", namespace: "shop", name: name), location: place)
      workload.pod.containers = images.enumerated().map { index, image in
        var container = Container(name: "c\(index)", location: place)
        container.image = image
        return container
      }
      fleet.workloads.append(workload)
    }
    return fleet
  }

  static func id(_ name: String) -> ObjectReference {
    ObjectReference(kind: "Deployment", namespace: "shop", name: name)
  }
}
