import Diagnostics
import FleetModel

/// What one object of a document says, before the documents are put together.
struct KubernetesObject {
  var id: ObjectReference
  /// Empty for the kinds of Kubernetes itself, whatever group they were written with; two objects of the same kind and
  /// name in different groups (Istio's and the Gateway API's `Gateway`) are two.
  var group = ""
  var location: SourceLocation
  var content: Content

  indirect enum Content {
    case workload(ParsedWorkload)
    case service(Service)
    case serviceAccount(ServiceAccount)
    case namespace(Namespace)
    case configMap(ConfigMap)
    case networkPolicy(NetworkPolicy)
    case secret(Secret)
    case role(Role)
    case roleBinding(RoleBinding)
    case disruptionBudget(DisruptionBudget)
    case autoscaler(Autoscaler)
    case ingress(Ingress)
    case adminPolicy(AdminNetworkPolicy)
    case webhooks(WebhookConfiguration)
    case persistentVolume(PersistentVolume)
    case claim(PersistentVolumeClaim)
    case node(Node)
    case custom(CustomObject)
  }
}

/// A workload with what only Intake needs to know about it.
struct ParsedWorkload {
  var workload: Workload
  var owners: [ObjectReference] = []
  /// `envFrom` of config maps, resolved when all maps are known.
  var environmentImports: [EnvironmentImport] = []
  /// The line of each element of a container's command and arguments, in that order: one list for each of the init
  /// containers and then of the ordinary ones.
  var argumentLines: [[Int]] = []

  struct EnvironmentImport {
    /// Counted through init containers, ordinary and ephemeral ones.
    var container: Int
    var configMap: String
    var prefix: String
  }
}
