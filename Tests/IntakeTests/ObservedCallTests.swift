import Diagnostics
import FleetModel
import Intake
import Testing

/// Calls that were observed when a plan was made, and the fleet as it is when the plan is carried out.
struct ObservedCallTests {
  private func id(_ name: String, _ kind: String = "Deployment", in namespace: String = "shop") -> ObjectReference {
    ObjectReference(kind: kind, namespace: namespace, name: name)
  }

  private func call(_ service: ObjectReference?, _ host: String, wired: Bool = false) -> Call {
    Call(
      caller: id("web"), service: service, host: host, port: 6379,
      target: service.map { id($0.name, in: $0.namespace) },
      wireProtocol: .tcp,
      evidence: wired
        ? .wiring(text: "REDIS=redis", location: Diagnostics.SourceLocation(file: "cluster", line: 0))
        : .observed(.init(sources: ["flows"])))
  }

  @Test func areAddedOnceAndNeverTakenForOthersOfTheSameName() {
    var fleet = Fleet()
    let wired = call(id("redis", "Service"), "redis", wired: true)
    fleet.calls = [wired]
    let elsewhere = call(id("redis", "Service", in: "cache"), "redis")
    let calls = Intake().adding(observed: [call(id("redis", "Service"), "redis"), elsewhere], to: fleet).calls
    #expect(calls.map(\.service) == [id("redis", "Service", in: "cache"), id("redis", "Service")])
    #expect(calls[1].evidence == wired.evidence && calls[1].confirmation?.sources == ["flows"])
    #expect(Intake().adding(observed: [], to: fleet).calls == [wired])
  }
}
