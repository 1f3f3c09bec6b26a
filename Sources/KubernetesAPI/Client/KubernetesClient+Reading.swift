import AsyncHTTPClient
package import FleetModel
package import Intake
import NIOCore

/// All objects of a kind, as of one moment.
package struct ObjectList<Item: Sendable>: Sendable {
  package var items: [Item] = []
  package var resourceVersion = ""

  package init() {}
}

extension KubernetesClient {
  /// Repeats what only reads. An answer that was cut short on its way is as good as none.
  func repeating<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    var attempt = 1
    while true {
      do {
        return try await body()
      } catch let failure as APIFailure where failure.isTransient || failure.kind == .malformed {
        guard let delay = limits.retry.delay(after: failure, attempt: attempt) else { throw failure }
        try await limits.retry.pause(delay)
        attempt += 1
      }
    }
  }

  /// Any path that answers with JSON, such as `/version`.
  package func read(_ path: String) async throws -> DocumentValue {
    try await get(APIRequest(.get, path))
  }

  /// The bytes of a page behind the API server, asked for once.
  package func page(_ path: String, limit: Int = 16_000_000) async throws -> [UInt8] {
    var request = APIRequest(.get, path)
    request.accept = "text/plain"
    let place = request.place
    return try await exchange(request, within: limits.answer) { [self] response in
      try await collected(response, upTo: limit, place: place)
    }
  }

  package func get(_ name: ObjectName) async throws -> DocumentValue { try await get(APIRequest(.get, name.path)) }

  /// Whether there is no such namespace, or it is being deleted: what was in it goes with it, and so do all rights in
  /// it, so that everything else there is refused. One that may not be asked for counts as there.
  /// - Parameter uid: of the one that is meant; another one of its name is not it. Nil for whichever has the name.
  package func isGone(namespace: String, uid: String? = nil) async throws -> Bool {
    do {
      let metadata = try await get(ObjectName(.namespaces, namespace: nil, name: namespace))["metadata"]
      return metadata?["deletionTimestamp"] != nil || uid != nil && metadata?["uid"]?.string != uid
    } catch let failure as APIFailure where failure.kind == .forbidden {
      return false
    } catch let failure as APIFailure where failure.kind == .notFound && failure.reason == "NotFound" {
      // Without that reason it is not the API server that answers.
      return true
    }
  }

  private func get(_ request: APIRequest) async throws -> DocumentValue {
    try await repeating { try await value(request) }
  }

  /// Asks once.
  func value(_ request: APIRequest) async throws -> DocumentValue {
    let limit = limits.answerBytes
    return try await exchange(request, within: limits.answer) { [self] response in
      let body = try await collected(response, upTo: limit, place: request.place)
      do throws(JSONProblem) {
        return try JSONItem.read(body).value
      } catch {
        throw APIFailure(.malformed, request.place, "the answer is no JSON: \(error)")
      }
    }
  }

  // MARK: - Lists

  /// All objects of a kind, page by page. A page that has expired begins the list anew, and at last asks for all at
  /// once: what is given is one moment's state, or nothing.
  ///
  /// - Parameters:
  ///   - namespace: nil for all namespaces.
  ///   - name: of the only object to be listed; a right for this name suffices then. Nil for all.
  ///   - metadataOnly: asks for metadata alone, which a server that does not know it answers with whole objects.
  ///   - read: what to keep of each object; called on several threads.
  package func list<Item: Sendable>(
    _ resource: APIResource, namespace: String?, named name: String? = nil, metadataOnly: Bool = false,
    _ read: @escaping @Sendable (JSONItem) -> Item
  ) async throws -> ObjectList<Item> {
    for attempt in 1... {
      do {
        return try await pages(resource, namespace, name, metadataOnly, paged: attempt < 3, read)
      } catch let failure as APIFailure where failure.kind == .gone && attempt < 3 {
        continue
      }
    }
    throw CancellationError()
  }

  /// The same as values.
  package func list(_ resource: APIResource, namespace: String?) async throws -> ObjectList<DocumentValue> {
    try await list(resource, namespace: namespace) { $0.value }
  }

  private func pages<Item: Sendable>(
    _ resource: APIResource, _ namespace: String?, _ name: String?, _ metadataOnly: Bool, paged: Bool,
    _ read: @escaping @Sendable (JSONItem) -> Item
  ) async throws -> ObjectList<Item> {
    var request = APIRequest(.list, resource.path(namespace: namespace))
    if metadataOnly {
      request.accept = "\(APIRequest.json);as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\(APIRequest.json)"
    }
    let asked = request
    let (most, atOnce) = (limits.listItems, limits.pageItems)
    func page(after token: String?, room: Int) async throws -> JSONListReader<Item> {
      var request = asked
      request.query = paged ? [("limit", "\(atOnce)")] : []
      if let name { request.query.append(APIRequest.selector(name)) }
      if let token { request.query.append(("continue", token)) }
      return try await repeating { [request] in try await self.page(request, room: room, read) }
    }
    var result = ObjectList<Item>()
    var count = 1
    var current = try await page(after: nil, room: most)
    while let token = current.continueToken {
      count += 1
      // Empty pages without end would be asked for without end.
      guard count <= limits.listPages else {
        throw APIFailure(.tooLarge, asked.place, "the list has more than \(limits.listPages) pages")
      }
      // While the next page is on its way, this one is read.
      let room = most - result.items.count - current.count
      async let next = page(after: token, room: room)
      try take(&current, asked.place, into: &result)
      current = try await next
      // A server that names the page it gives would be asked for ever.
      guard current.continueToken != token else {
        throw APIFailure(.malformed, asked.place, "the list does not go on: the next page is the same")
      }
    }
    try take(&current, asked.place, into: &result)
    return result
  }

  private func take<Item: Sendable>(
    _ page: inout JSONListReader<Item>, _ place: String, into result: inout ObjectList<Item>
  ) throws {
    do {
      try page.finish()
    } catch let problem as JSONProblem {
      throw APIFailure(.malformed, place, "the list cannot be read: \(problem)")
    }
    result.items += page.items
    result.resourceVersion = page.resourceVersion ?? ""
  }

  /// A page that has arrived, of which not all need have been read.
  private func page<Item: Sendable>(
    _ request: APIRequest, room: Int, _ read: @escaping @Sendable (JSONItem) -> Item
  ) async throws -> JSONListReader<Item> {
    let limit = limits.pageBytes
    return try await exchange(request, within: limits.page) { response in
      var reader = JSONListReader(read)
      var count = 0
      do {
        for try await buffer in response.body {
          count += buffer.readableBytes
          guard count <= limit else {
            throw APIFailure(.tooLarge, request.place, "the list has more than \(limit) bytes")
          }
          try buffer.withUnsafeReadableBytes { try reader.feed($0) }
          guard reader.count <= room else {
            throw APIFailure(.tooLarge, request.place, "the list has too many items")
          }
        }
        try reader.end()
      } catch let problem as JSONProblem {
        throw APIFailure(.malformed, request.place, "the list cannot be read: \(problem)")
      }
      let kind = reader.envelope.first { $0.key == "kind" }?.value.string ?? ""
      guard kind.hasSuffix("List") else {
        throw APIFailure(.malformed, request.place, "the answer is no list but '\(kind.prefix(60).description)'")
      }
      return reader
    }
  }
}
