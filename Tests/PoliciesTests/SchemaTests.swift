import FleetModel
import Intake
import IntentModel
import Testing

@testable import Policies

/// Written objects held against the definitions that the meshes publish.
@Suite(.enabled(if: Support.data != nil, "no real data: set BULKHEAD_DATA"))
struct SchemaTests {
  /// By kind and API version.
  static let schemas: [String: DocumentValue] = {
    guard let data = Support.data, let files = try? InputLoader.load([data + "/crds/istio", data + "/crds/linkerd"])
    else { return [:] }
    var schemas: [String: DocumentValue] = [:]
    for file in files {
      for document in (try? DocumentReader.values(String(decoding: file.bytes, as: UTF8.self))) ?? [] {
        let spec = document["spec"]
        guard let group = spec?["group"]?.string, let kind = spec?["names"]?["kind"]?.string else { continue }
        for version in spec?["versions"]?.elements ?? [] {
          guard let name = version["name"]?.string, let schema = version["schema"]?["openAPIV3Schema"] else { continue }
          schemas["\(kind) \(group)/\(name)"] = schema
        }
      }
    }
    return schemas
  }()

  private func problems(_ objects: [ManifestObject]) throws -> [String] {
    try objects.flatMap { object -> [String] in
      guard let schema = Self.schemas["\(object.id.kind) \(object.apiVersion)"] else {
        return ["\(object.id): no schema for \(object.apiVersion)"]
      }
      let document = try #require(try DocumentReader.values(YAMLText.document(object.document)).first)
      return StructuralSchema(schema).problems(document, at: object.id.description)
    }
  }

  @Test(arguments: [PolicyTarget.istioSidecar, .istioAmbient, .linkerd])
  func randomFleets(_ target: PolicyTarget) throws {
    let builtIn: Set<String> = ["NetworkPolicy", "ServiceAccount"]
    for seed in 0..<UInt64(Support.rounds(12)) {
      var generator = RandomFleet(seed: seed)
      let fleet = generator.make()
      var options = PolicyOptions(target: target)
      options.exceptionsEnd = seed % 2 == 0 ? "2027-01-31" : nil
      let set = PolicySolver(fleet, options: options).solve()
      let traffic = TrafficPlan(fleet, flows: set.flows).objects(for: target)
      #expect(try problems(set.objects.filter { !builtIn.contains($0.id.kind) } + traffic) == [])
    }
  }

  @Test(arguments: [Mesh.istioSidecar, .istioAmbient, .linkerd])
  func objectsOfEveryPosture(_ mesh: Mesh) throws {
    for seed in 0..<UInt64(Support.rounds(12)) {
      var generator = RandomFleet(seed: seed)
      let fleet = generator.make()
      for posture in [PostureTests.shadow, PostureTests.last, Posture(mutualTLS: .permissive)] {
        let stage = try PostureTests.Stage(fleet, mesh) { _ in posture }
        #expect(try problems(stage.objects.filter { $0.id.kind != "NetworkPolicy" }) == [])
      }
    }
  }

  @Test func callsToTheOutside() throws {
    let set = try Support.solve(
      Support.deployment("web", container: Support.calls("https://api.example.com/v1", "cart:80"))
        + Support.deployment("cart") + Support.service("cart"), .istioSidecar)
    let entries = set.objects.filter { $0.id.kind == "ServiceEntry" }
    #expect(entries.count == 1 && entries.first?.spec["hosts"]?.strings == ["api.example.com"])
    #expect(try problems(set.objects.filter { $0.apiVersion.contains("istio") }) == [])
  }

  /// The check itself must be able to fail.
  @Test func wrongObjectsAreFound() throws {
    let schema = try #require(Self.schemas["Server policy.linkerd.io/v1beta3"])
    func check(_ spec: DocumentValue) -> [String] {
      StructuralSchema(schema).problems(.map(["spec": spec]), at: "s")
    }
    let selector = DocumentValue.map(["matchLabels": .map(["app": .string("x")])])
    #expect(check(.map(["podSelector": selector, "port": .integer(80)])) == [])
    #expect(!check(.map(["podSelector": selector])).isEmpty)
    #expect(!check(.map(["podSelector": selector, "port": .integer(80), "colour": .string("red")])).isEmpty)
    #expect(!check(.map(["podSelector": selector, "port": .bool(true)])).isEmpty)
    #expect(!check(.map(["port": .integer(80)])).isEmpty)
  }
}

/// As much of Kubernetes' structural schemas as the definitions use.
struct StructuralSchema {
  private let schema: DocumentValue

  init(_ schema: DocumentValue) { self.schema = schema }

  func problems(_ value: DocumentValue, at path: String) -> [String] {
    Self.problems(value, schema, path, isRoot: true)
  }

  private static func problems(
    _ value: DocumentValue, _ schema: DocumentValue, _ path: String, isRoot: Bool = false
  ) -> [String] {
    if value == .null { return schema["nullable"]?.bool ?? false ? [] : ["\(path): null"] }
    var result: [String] = []
    if schema["x-kubernetes-int-or-string"]?.bool ?? false {
      return value.integer != nil || value.string != nil ? [] : ["\(path): neither a number nor a string"]
    }
    if let type = schema["type"]?.string, !matches(value, type) { return ["\(path): is no \(type)"] }
    if let choices = schema["enum"]?.elements, !choices.contains(value) { result.append("\(path): not in the enum") }
    if let text = value.string {
      if let limit = schema["maxLength"]?.integer, text.count > limit { result.append("\(path): too long") }
      if let least = schema["minLength"]?.integer, text.count < least { result.append("\(path): too short") }
      if let pattern = schema["pattern"]?.string, let regex = try? Regex(pattern), text.firstMatch(of: regex) == nil {
        result.append("\(path): \(text) does not match \(pattern)")
      }
    }
    if let least = schema["minItems"]?.integer, value.elements.count < least { result.append("\(path): too few") }
    if let items = schema["items"] {
      for (index, element) in value.elements.enumerated() {
        result += problems(element, items, "\(path)[\(index)]")
      }
    }
    return result + fields(value, schema, path, isRoot) + alternatives(value, schema, path)
  }

  private static func fields(
    _ value: DocumentValue, _ schema: DocumentValue, _ path: String, _ isRoot: Bool
  ) -> [String] {
    guard case .mapping(let entries) = value else { return [] }
    var result = (schema["required"]?.strings ?? []).filter { value[$0] == nil }.map { "\(path): lacks \($0)" }
    let preserves = schema["x-kubernetes-preserve-unknown-fields"]?.bool ?? false
    for entry in entries {
      if let property = schema["properties"]?[entry.key] {
        result += problems(entry.value, property, "\(path).\(entry.key)")
      } else if let rest = schema["additionalProperties"], rest.entries.isEmpty == false {
        result += problems(entry.value, rest, "\(path).\(entry.key)")
      } else if !preserves, !(isRoot && ["apiVersion", "kind", "metadata"].contains(entry.key)) {
        result.append("\(path): unknown field \(entry.key)")
      }
    }
    return result
  }

  /// `oneOf` and `anyOf` by their `required` lists alone, which is what the definitions use them for.
  private static func alternatives(_ value: DocumentValue, _ schema: DocumentValue, _ path: String) -> [String] {
    func holds(_ option: DocumentValue) -> Bool {
      if let type = option["type"]?.string, !matches(value, type) { return false }
      if let inner = option["not"]?["anyOf"]?.elements { return !inner.contains(where: holds) }
      return (option["required"]?.strings ?? []).allSatisfy { value[$0] != nil }
    }
    if let options = schema["oneOf"]?.elements, options.count(where: holds) != 1 { return ["\(path): not one of"] }
    if let options = schema["anyOf"]?.elements, !options.contains(where: holds) { return ["\(path): none of anyOf"] }
    return []
  }

  private static func matches(_ value: DocumentValue, _ type: String) -> Bool {
    switch (type, value) {
    case ("object", .mapping), ("array", .list), ("string", .string), ("boolean", .bool), ("integer", .integer),
      ("number", .number), ("number", .integer):
      true
    default: false
    }
  }
}
