import FleetModel
import Testing

@testable import KubernetesTarget

/// Pods that no controller exchanges are deleted one by one.
@Suite struct PodExchangeTests {
  /// `db-2:new`, `db-1:old!` (does not serve), `db-0:old~` (on its way out); nodes are named after numbers.
  private static func pods(_ text: String) -> [OwnPod] {
    text.split(separator: " ").map { word in
      let parts = word.split(separator: ":").map(String.init)
      var pod = OwnPod(name: parts[0], uid: parts[0])
      pod.node = "node-\(parts[0].split(separator: "-").last ?? "")"
      pod.revision = parts[1].hasPrefix("new") ? "w2" : nil
      pod.isLeaving = parts[1].hasSuffix("~")
      pod.isReady = !pod.isLeaving && !parts[1].hasSuffix("!")
      return pod
    }
  }

  @Test(
    arguments: [
      ("db-0:old db-1:old db-2:old", 3, 1, false, "db-2"), ("db-0:old db-1:old db-2:new", 3, 1, false, nil),
      ("db-0:old db-1:old db-2:new", 3, 2, false, "db-1"), ("db-0:old db-1:old db-2:new!", 3, 2, false, nil),
      ("db-0:old db-1:old db-2:old~", 3, 2, false, nil), ("db-0:old db-1:old", 3, 1, false, nil),
      // One that died by itself came back new: it counts.
      ("db-0:new db-1:old db-2:old", 3, 1, false, nil), ("db-0:new db-1:old db-2:old", 3, 2, false, "db-2"),
      ("db-0:old! db-1:old db-2:old", 3, 3, false, "db-0"), ("db-2:old db-10:old", 2, 1, false, "db-10"),
      ("db-0:new db-1:new", 2, nil, false, nil), ("db-0:new db-1:old", 2, nil, false, "db-1"), ("", 0, nil, false, nil),
      // The controller exchanges them, and waits for one that does not serve.
      ("db-0:old db-1:old db-2:old", 3, nil, true, nil), ("db-0:old db-1:old db-2:old!", 3, nil, true, "db-2"),
      ("db-0:old! db-1:old db-2:old", 3, 1, true, nil), ("db-0:old! db-1:new db-2:new!", 3, nil, true, nil),
    ] as [(String, Int, Int?, Bool, String?)])
  func theNextOneIsChosen(_ pods: String, _ wanted: Int, _ count: Int?, _ brokenOnly: Bool, _ next: String?) {
    let chosen = PodExchange.next(
      Self.pods(pods), StatefulSetKind(), revision: "w2", wanted: wanted, count: count, brokenOnly: brokenOnly)
    #expect(chosen?.name == next)
  }

  @Test func aDaemonSetGoesByNodes() {
    let pods = Self.pods("log-b:old log-a:old log-c:old")
    let chosen = PodExchange.next(pods, DaemonSetKind(), revision: "w2", wanted: 3, count: 1, brokenOnly: false)
    #expect(chosen?.name == "log-a")
  }

  @Test func aPodBelongsToTheControllerThatMadeIt() throws {
    func pod(_ owners: String) throws -> DocumentValue {
      try value(#"{"metadata":{"name":"db-0","uid":"p1","ownerReferences":[\#(owners)]},"spec":{"nodeName":"n"}}"#)
    }
    #expect(OwnPod(try pod(#"{"kind":"StatefulSet","uid":"s1","controller":true}"#), of: "s1")?.node == "n")
    #expect(OwnPod(try pod(#"{"kind":"StatefulSet","uid":"s2","controller":true}"#), of: "s1") == nil)
    #expect(OwnPod(try pod(#"{"kind":"Thing","uid":"s1"}"#), of: "s1") == nil)
    #expect(OwnPod(try pod(""), of: "s1") == nil)
  }
}
