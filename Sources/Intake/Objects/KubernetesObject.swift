import Diagnostics
import FleetModel

/// What one document says, before the documents are put together.
enum KubernetesObject {
  case workload(ParsedWorkload)
  case service(Service)
  case serviceAccount(ServiceAccount)
  case namespace(Namespace)
  case configMap(ConfigMap)
  case networkPolicy(NetworkPolicy)

  var id: ObjectReference {
    switch self {
    case .workload(let parsed): parsed.workload.id
    case .service(let service): service.id
    case .serviceAccount(let account): account.id
    case .namespace(let namespace): ObjectReference(kind: "Namespace", namespace: "", name: namespace.name)
    case .configMap(let map): map.id
    case .networkPolicy(let policy): policy.id
    }
  }

  var location: SourceLocation {
    switch self {
    case .workload(let parsed): parsed.workload.location
    case .service(let service): service.location
    case .serviceAccount(let account): account.location
    case .namespace(let namespace): namespace.location
    case .configMap(let map): map.location
    case .networkPolicy(let policy): policy.location
    }
  }
}

/// A workload with what only Intake needs to know about it.
struct ParsedWorkload {
  var workload: Workload
  var owners: [Owner] = []
  /// `envFrom` of config maps, resolved when all maps are known: by container location.
  var environmentImports: [EnvironmentImport] = []
  /// Where each element of a container's command and arguments stands, in that order.
  var argumentLocations: [SourceLocation: [SourceLocation]] = [:]

  struct Owner {
    var kind: String
    var name: String
  }

  struct EnvironmentImport {
    var container: SourceLocation
    var configMap: String
    var prefix: String
  }
}
