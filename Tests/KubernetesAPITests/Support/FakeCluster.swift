import FleetModel
import Intake
import Synchronization

@testable import KubernetesAPI

/// A small API server's state: objects by path, versions, and server-side apply with owners, as far as the client can
/// tell. What goes wrong is told by a script.
final class FakeCluster: Sendable {
  /// What happens to a request instead of, or besides, its answer.
  enum Fault: Sendable, Equatable {
    /// Answers so, without effect.
    case status(Int, retryAfter: Int? = nil)
    /// No answer, without effect.
    case silence
    /// The effect, but no answer.
    case silenceAfterEffect
    case hangUp
    case hangUpAfterEffect
    case notJSON
    case notJSONAfterEffect
    /// The answer byte by byte, never to its end.
    case drip
    case redirect
    case failureAfterEffect(Int)
  }

  struct Request: Sendable {
    var method: String
    var path: String
    var query: [String: String]
    var headers: [(String, String)]
    var body: [UInt8]

    func header(_ name: String) -> String? { headers.first { $0.0.lowercased() == name.lowercased() }?.1 }
    var value: DocumentValue { (try? JSONItem.read(body).value) ?? .null }
  }

  struct Answer: Sendable {
    var status: Int
    var body: [UInt8]
    var headers: [(String, String)] = []
    /// Parts that are sent one after the other, in the place of a body.
    var parts: [[UInt8]]?
  }

  fileprivate struct State {
    var objects: [String: DocumentValue] = [:]
    var version = 100
    var nextUID = 1
    /// How often each object really changed.
    var effects: [String: Int] = [:]
    var requests: [Request] = []
    var faults: [Fault?] = []
    /// Fixed answers by `METHOD path`, in turn; the last stays.
    var scripted: [String: [Answer]] = [:]
    var forbidden: Set<String> = []
    var watchesAreSilent = false
  }
  private let state = Mutex(State())

  var requests: [Request] { state.withLock(\.requests) }
  func effects(_ path: String) -> Int { state.withLock { $0.effects[path] ?? 0 } }
  func object(_ path: String) -> DocumentValue? { state.withLock { $0.objects[path] } }
  /// The faults of the next requests, nil for none.
  func fail(_ faults: [Fault?]) { state.withLock { $0.faults = faults } }
  func script(_ line: String, _ answers: [Answer]) { state.withLock { $0.scripted[line] = answers } }
  func forbid(_ paths: [String]) { state.withLock { $0.forbidden.formUnion(paths) } }

  /// Watches are taken, and no event ever comes.
  func silenceWatches() { state.withLock { $0.watchesAreSilent = true } }

  func put(_ path: String, _ json: String) {
    let value = (try? JSONItem.read(Array(json.utf8)).value) ?? .null
    state.withLock { state in state.store(path, value, isEffect: false) }
  }

  /// What to do with a request: the answer, and what goes wrong with it.
  func answer(_ request: Request) -> (Answer?, Fault?) {
    state.withLock { state in
      state.requests.append(request)
      if state.watchesAreSilent, request.query["watch"] == "true" { return (nil, .silence) }
      let fault = state.faults.isEmpty ? nil : state.faults.removeFirst()
      switch fault {
      case .status(let status, let retryAfter):
        return (Self.status(status, "by script", retryAfter: retryAfter), nil)
      case .silence, .hangUp, .notJSON, .redirect: return (nil, fault)
      default: break
      }
      return (state.act(request), fault)
    }
  }

  static func status(
    _ code: Int, _ message: String, reason: String = "", causes: [DocumentValue] = [], retryAfter: Int? = nil
  ) -> Answer {
    let body = DocumentValue.mapping([
      .init("kind", .string("Status")), .init("apiVersion", .string("v1")), .init("message", .string(message)),
      .init("reason", .string(reason)), .init("code", .integer(code)),
      .init("details", .mapping([.init("causes", .list(causes))])),
    ])
    return Answer(
      status: code, body: JSONText(body).bytes, headers: retryAfter.map { [("Retry-After", "\($0)")] } ?? [])
  }
}

extension FakeCluster.State {
  fileprivate mutating func store(_ path: String, _ value: DocumentValue, isEffect: Bool) {
    version += 1
    var value = value.setting(["metadata", "resourceVersion"], to: .string("\(version)"))
    if value[path: "metadata", "uid"] == nil {
      value = value.setting(["metadata", "uid"], to: .string("uid-\(nextUID)"))
      nextUID += 1
    }
    objects[path] = value
    if isEffect { effects[path, default: 0] += 1 }
  }

  fileprivate mutating func act(_ request: FakeCluster.Request) -> FakeCluster.Answer {
    let line = "\(request.method) \(request.path)"
    if var answers = scripted[line], let first = answers.first {
      if answers.count > 1 { answers.removeFirst() }
      scripted[line] = answers
      return first
    }
    if forbidden.contains(request.path) {
      return FakeCluster.status(403, "\(request.path) is forbidden", reason: "Forbidden")
    }
    switch request.method {
    case "GET": return get(request)
    case "POST": return create(request)
    case "PATCH": return patch(request)
    case "DELETE": return delete(request)
    default: return FakeCluster.status(405, "no such method")
    }
  }

  private func found(_ path: String) -> FakeCluster.Answer? {
    objects[path].map { FakeCluster.Answer(status: 200, body: JSONText($0).bytes) }
  }

  private func get(_ request: FakeCluster.Request) -> FakeCluster.Answer {
    if let found = found(request.path) { return found }
    let folder = request.path + "/"
    let below = objects.filter { $0.key.hasPrefix(folder) && !$0.key.dropFirst(folder.count).contains("/") }.sorted {
      $0.key < $1.key
    }.map(\.value)
    guard !below.isEmpty || request.query["limit"] != nil else {
      return FakeCluster.status(404, "\(request.path) not found", reason: "NotFound")
    }
    let limit = request.query["limit"].flatMap { Int($0) } ?? Int.max
    let start = request.query["continue"].flatMap { Int($0) } ?? 0
    let page = Array(below.dropFirst(start).prefix(limit))
    var metadata = [DocumentValue.Entry("resourceVersion", .string("\(version)"))]
    if start + page.count < below.count { metadata.append(.init("continue", .string("\(start + page.count)"))) }
    // As the server sorts the keys of custom objects: the items come before the metadata.
    let list = DocumentValue.mapping([
      .init("apiVersion", .string("v1")), .init("items", .list(page)), .init("kind", .string("ThingList")),
      .init("metadata", .mapping(metadata)),
    ])
    return FakeCluster.Answer(status: 200, body: JSONText(list).bytes)
  }

  private mutating func create(_ request: FakeCluster.Request) -> FakeCluster.Answer {
    let path = "\(request.path)/\(request.value[path: "metadata", "name"]?.string ?? "?")"
    guard objects[path] == nil else {
      return FakeCluster.status(409, "\(path) already exists", reason: "AlreadyExists")
    }
    store(path, request.value, isEffect: true)
    return FakeCluster.Answer(status: 201, body: found(path)?.body ?? [])
  }

  private func refused(_ conditions: DocumentValue?, _ live: DocumentValue?) -> FakeCluster.Answer? {
    for key in ["uid", "resourceVersion"] {
      guard let wanted = conditions?[key]?.string else { continue }
      guard live?[path: "metadata", key]?.string == wanted else {
        return FakeCluster.status(409, "the \(key) is another", reason: "Conflict")
      }
    }
    return nil
  }

  private mutating func delete(_ request: FakeCluster.Request) -> FakeCluster.Answer {
    guard let live = objects[request.path] else { return FakeCluster.status(404, "not found", reason: "NotFound") }
    if let refused = refused(request.value["preconditions"], live) { return refused }
    objects[request.path] = nil
    effects[request.path, default: 0] += 1
    return FakeCluster.status(200, "deleted")
  }

  private mutating func patch(_ request: FakeCluster.Request) -> FakeCluster.Answer {
    let live = objects[request.path]
    if let refused = refused(request.value["metadata"], live) { return refused }
    guard request.header("Content-Type") == "application/apply-patch+yaml" else {
      guard let live else { return FakeCluster.status(404, "not found", reason: "NotFound") }
      store(request.path, live.merged(request.value), isEffect: true)
      return FakeCluster.Answer(status: 200, body: found(request.path)?.body ?? [])
    }
    let owners = live?["owners"]?.entries ?? []
    let taken = (request.value["spec"]?.entries ?? []).filter { entry in
      let owner = owners.first { $0.key == entry.key }?.value.string
      return owner != nil && owner != "bulkhead" && live?["spec"]?[entry.key] != entry.value
    }
    if !taken.isEmpty, request.query["force"] != "true" {
      let causes = taken.map { entry in
        DocumentValue.mapping([
          .init("reason", .string("FieldManagerConflict")), .init("field", .string(".spec.\(entry.key)")),
          .init("message", .string("conflict with \"kubectl-edit\" using apps/v1")),
        ])
      }
      return FakeCluster.status(409, "Apply failed", reason: "Conflict", causes: causes)
    }
    let manager = DocumentValue.mapping([
      .init("manager", .string(request.query["fieldManager"] ?? "")), .init("operation", .string("Apply")),
    ])
    let merged = (live ?? .mapping([])).merged(request.value)
    store(request.path, merged.setting(["metadata", "managedFields"], to: .list([manager])), isEffect: true)
    return FakeCluster.Answer(status: live == nil ? 201 : 200, body: found(request.path)?.body ?? [])
  }
}

extension DocumentValue {
  /// RFC 7386, without removals.
  fileprivate func merged(_ patch: DocumentValue) -> DocumentValue {
    guard case .mapping(let changes) = patch else { return patch }
    return changes.reduce(self) { $0.setting([$1.key], to: ($0[$1.key] ?? .mapping([])).merged($1.value)) }
  }
}
