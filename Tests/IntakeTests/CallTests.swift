import Diagnostics
import FleetModel
import Foundation
import Intake
import Testing

struct CallTests {
  /// A caller in `shop` with one variable, and services `cart` (8080), `db` (5432, headless, a stateful set), `two` (80
  /// and 443) there, and `far` (9000) in `other`.
  private func calls(_ container: String) throws -> (calls: [String], result: IntakeResult) {
    var text = Support.deployment("caller", namespace: "shop", container: container)
    for (name, namespace, ports, spec) in [
      ("cart", "shop", [8080], ""), ("db", "shop", [5432], "clusterIP: None"), ("two", "shop", [80, 443], ""),
      ("far", "other", [9000], ""), ("caller", "shop", [7000], ""),
    ] {
      text += Support.service(name, namespace: namespace, ports: ports, spec: spec)
      if name != "caller" { text += Support.deployment(name, namespace: namespace) }
    }
    let result = try Support.read(text)
    return (result.fleet.calls.map { "\($0.target?.name ?? $0.destination.rawValue):\($0.port)" }, result)
  }

  @Test func aServiceMayHaveSeveralWorkloads() throws {
    let text =
      Support.deployment("caller", namespace: "shop", container: environment([("X", "reviews:80")]))
      + Support.service("reviews", namespace: "shop", ports: [80], spec: "")
      + ["v2", "v1"].map { version in
        Support.deployment("reviews", namespace: "shop")
          .replacingOccurrences(of: "name: reviews,", with: "name: reviews-\(version),")
      }.joined()
    let fleet = try Support.read(text).fleet
    let call = try #require(fleet.calls.first)
    #expect(call.targets.map(\.name) == ["reviews-v1", "reviews-v2"], "\(fleet.workloads.map(\.id))")
    for target in call.targets { #expect(fleet.calls(to: target) == [call]) }
  }

  private func environment(_ pairs: [(String, String)]) -> String {
    "env:\n" + pairs.map { "- {name: \($0.0), value: '\($0.1)'}\n" }.joined()
  }

  @Test(arguments: [
    ("CART_ADDR", "cart:8080", ["cart:8080"]), ("X", "cart:8080", ["cart:8080"]),
    ("X", "cart.shop:8080", ["cart:8080"]), ("X", "cart.shop.svc:8080", ["cart:8080"]),
    ("X", "cart.shop.svc.cluster.local:8080", ["cart:8080"]), ("X", "cart.shop.svc.cluster.local.:8080", ["cart:8080"]),
    ("X", "CART:8080", ["cart:8080"]), ("X", "cart.shop.svc.example.corp:8080", ["cart:8080"]),
    ("X", "http://cart:8080/a?b=c", ["cart:8080"]), ("X", "http://two/a", ["two:80"]),
    ("X", "https://two", ["two:443"]),
    ("X", "grpc://cart", ["cart:8080"]), ("X", "dns:///cart:8080", ["cart:8080"]),
    ("X", "far.other:9000", ["far:9000"]),
    ("X", "db-0.db:5432", ["db:5432"]), ("X", "db-1.db.shop.svc.cluster.local:5432", ["db:5432"]),
    ("X", "postgres://me:se:cr@et@db/app", ["db:5432"]), ("X", "jdbc:postgresql://db:5432/x?ssl=no", ["db:5432"]),
    ("X", "jdbc:oracle:thin:@db:5432:xe", ["db:5432"]), ("X", "me:secret@tcp(db:5432)/x", ["db:5432"]),
    ("X", "host=db:5432 user=x", ["db:5432"]),
    ("X", "cart:8080, two:80 far.other:9000", ["cart:8080", "far:9000", "two:80"]),
    ("X", "mongodb://db:5432,cart:8080/x", ["cart:8080", "db:5432"]), ("X", "cart:8080/path", ["cart:8080"]),
    ("CART_HOST", "cart", ["cart:8080"]), ("CART_SERVICE", "cart", ["cart:8080"]),
    ("cartServiceUrl", "cart", ["cart:8080"]),
    ("X", "cart.shop.svc.cluster.local", ["cart:8080"]), ("X", "cart", []), ("TWO_HOST", "two", []),
    // Calls to nowhere and to the outside.
    ("GHOST_ADDR", "ghost:80", ["nowhere:80"]), ("X", "ghost:6379", ["nowhere:6379"]),
    ("X", "ghost.shop.svc:1", ["nowhere:1"]),
    ("X", "http://ghost/", ["nowhere:80"]), ("X", "cart:9999", ["nowhere:9999"]),
    ("X", "ghost.other:9000", ["nowhere:9000"]),
    ("X", "https://api.example.com/v1", ["outside:443"]), ("X", "10.1.2.3:5432", ["outside:5432"]),
    ("X", "db.example.com:5432", ["outside:5432"]),
    // No calls at all.
    ("X", "v0.10.6", []), ("X", "12:30", []), ("START_TIME", "12:30:45", []), ("IMAGE", "cart:8080", []),
    ("REDIS_IMAGE", "redis:7", []), ("X", "info:5", []), ("X", "registry.example.com/shop/cart:8080", []),
    ("X", "/etc/cart:8080", []), ("X", "cart.yaml:12", []), ("X", "localhost:8080", []), ("X", "127.0.0.1:80", []),
    ("LISTEN", "0.0.0.0:7000", []), ("LISTEN", ":7000", []), ("X", "caller:7000", []), ("X", "cart:80800", []),
    ("X", "cart:8080:9090", []), ("X", "file:///cart:8080", []), ("X", "unix:///run/cart.sock", []), ("X", "::1", []),
    ("X", "key:value", []), ("X", "a=b,c=d", []), ("X", "true", []), ("X", "http://", []), ("X", "http://:80", []),
  ])
  func environmentValues(_ name: String, _ value: String, _ expected: [String]) throws {
    #expect(try calls(environment([(name, value)])).calls.sorted() == expected.sorted(), "\(name)=\(value)")
  }

  @Test(arguments: [
    ("args: [--backend=cart:8080]", ["cart:8080"]), ("args: ['--backend', 'cart:8080']", ["cart:8080"]),
    ("args: [--cart-host, cart, --cart-port, '8080']", ["cart:8080"]),
    ("command: [sh, -c, 'wget http://cart:8080/x']", ["cart:8080"]),
    ("env: [{name: H, value: cart}]\nargs: ['http://$(H):8080', '$(UNKNOWN):8080']", ["cart:8080"]),
    ("env: [{name: H, value: cart}]\ncommand: [sh, -c, 'curl ${H}:8080 && curl http://$H:8080']", ["cart:8080"]),
    ("args: ['--backend=ghost:80']", ["nowhere:80"]), ("args: ['worker:5000']", []), ("args: [get, cart]", []),
  ])
  func arguments(_ container: String, _ expected: [String]) throws {
    #expect(try calls(container).calls == expected)
  }

  @Test func variablesExpandInOrder() throws {
    let made = try calls(
      environment([("A", "cart"), ("B_ADDR", "$(A):8080"), ("C", "$$(A):8080"), ("D_ADDR", "$(E):80"), ("E", "two")]))
    #expect(made.calls == ["cart:8080"])
  }

  @Test func siblingsGiveThePort() throws {
    #expect(try calls(environment([("TWO_HOST", "two"), ("TWO_PORT", "443")])).calls == ["two:443"])
    #expect(try calls(environment([("TWO_SERVICE_HOST", "two"), ("TWO_SERVICE_PORT", "80")])).calls == ["two:80"])
    #expect(try calls(environment([("GHOST_HOST", "ghost"), ("GHOST_PORT", "99")])).calls == ["nowhere:99"])
  }

  @Test func configMapsAreReadWhereTheyAreUsed() throws {
    let map = """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: m}
      data:
        CART: cart:8080
        app.conf: |
          # see http://two:80/
          upstream = "http://far.other:9000/x"
          workers:5000
      ---

      """
    func read(_ pod: String, _ container: String) throws -> [String] {
      let text =
        map + Support.deployment("caller", pod: pod, container: container) + Support.service("cart")
        + Support.deployment("cart") + Support.service("two", ports: [80]) + Support.deployment("two")
        + Support.service("far", namespace: "other", ports: [9000]) + Support.deployment("far", namespace: "other")
      return try Support.read(text).fleet.calls.map { call in
        guard case .wiring(let text, let location) = call.evidence else { return "" }
        return "\(call.target?.name ?? "-") \(text) \(location)"
      }
    }
    let cart = "cart CART=cart:8080 in.yaml:5"
    let far = "far upstream=http://far.other:9000 in.yaml:8"
    #expect(try read("", "env: [{name: X, value: y}]").isEmpty)
    #expect(try read("", "envFrom: [{configMapRef: {name: m}}]").contains("cart CART=cart:8080 in.yaml:5"))
    #expect(
      try read("", "env: [{name: C_ADDR, valueFrom: {configMapKeyRef: {name: m, key: CART}}}]")
        == ["cart C_ADDR=cart:8080 in.yaml:5"])
    #expect(
      try read("volumes: [{name: v, configMap: {name: m}}]", "volumeMounts: [{name: v, mountPath: /m}]") == [cart, far])
  }

  @Test func evidenceHasTheLineAndNoPassword() throws {
    let result = try calls("env:\n- name: A\n  value: x\n- name: URL\n  value: postgres://me:hunter2@db:5432/x").result
    let call = try #require(result.fleet.calls.first)
    #expect(
      call.evidence == .wiring(text: "URL=postgres://db:5432", location: SourceLocation(file: "in.yaml", line: 16)))
    #expect(!"\(result)".replacing("literal(\"postgres://me:hunter2@db:5432/x\")", with: "").contains("hunter2"))
  }

  @Test func initContainersCount() throws {
    let text =
      Support.deployment("a", pod: "initContainers: [{name: i, env: [{name: B_ADDR, value: 'b:8080'}]}]")
      + Support.service("b") + Support.deployment("b")
    #expect(try Support.read(text).fleet.calls.map(\.target?.name) == ["b"])
  }

  @Test func callsToNowhereAreFindings() throws {
    let made = try calls(environment([("GHOST_ADDR", "ghost:80"), ("CART_ADDR", "cart:1")])).result
    #expect(
      made.findings.map(\.code).filter { $0.hasPrefix("BH-CALL-00") && $0 != "BH-CALL-004" } == [
        "BH-CALL-001", "BH-CALL-002",
      ])
    let idle = try Support.read(
      Support.deployment("a", container: environment([("B_ADDR", "b:8080")])) + Support.service("b"))
    #expect(idle.findings.map(\.code) == ["BH-CALL-003", "BH-CALL-004"])
    #expect(idle.fleet.calls.map(\.destination) == [.idleService])
  }
}
