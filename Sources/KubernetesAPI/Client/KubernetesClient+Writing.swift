package import FleetModel

/// What an object must still be like for a write to happen.
package struct Precondition: Sendable, Equatable {
  package var uid: String?
  package var resourceVersion: String?

  package init(uid: String? = nil, resourceVersion: String? = nil) {
    (self.uid, self.resourceVersion) = (uid, resourceVersion)
  }

  /// Of an object as it was read.
  package init(of object: DocumentValue) {
    self.init(
      uid: object[path: "metadata", "uid"]?.string,
      resourceVersion: object[path: "metadata", "resourceVersion"]?.string)
  }

  fileprivate func added(to object: DocumentValue) -> DocumentValue {
    var object = object
    if let uid { object = object.setting(["metadata", "uid"], to: .string(uid)) }
    if let resourceVersion {
      object = object.setting(["metadata", "resourceVersion"], to: .string(resourceVersion))
    }
    return object
  }
}

/// How a deletion ended.
package enum Deletion: Sendable, Equatable {
  /// Gone, or going: finalizers and grace periods take their time.
  case done
  case wasNotThere
}

extension KubernetesClient {
  /// The name under which fields are owned.
  package static let fieldManager = "bulkhead"
  /// Carries what tells one attempt of a creation from another's.
  package static let requestAnnotation = "bulkhead.dev/request"

  /// Server-side apply: says which fields shall have which values, and becomes their owner. Fields that were applied
  /// before and are no longer named go away, unless another manager has them too.
  ///
  /// - Parameters:
  ///   - precondition: an object with another uid, or none, is left alone.
  ///   - force: takes fields from other managers. Never without the user's word.
  /// - Returns: the object as it now is.
  /// - Throws: `APIFailure`; of kind `fieldConflict` with the owners of the fields; of kind `unknown` when it cannot be
  ///   told whether it was done.
  package func apply(
    _ object: DocumentValue, to name: ObjectName, precondition: Precondition = Precondition(), force: Bool = false,
    dryRun: Bool = false
  ) async throws -> DocumentValue {
    let wanted = precondition.added(to: object)
    var request = APIRequest(.patch, name.path)
    request.contentType = "application/apply-patch+yaml"
    request.query = [("fieldManager", Self.fieldManager), ("force", force ? "true" : "false")]
    request.query.append(("fieldValidation", "Strict"))
    if dryRun { request.query.append(("dryRun", "All")) }
    request.body = JSONText(wanted).bytes
    // A server that lost a race of its own says conflict, and means neither an owner nor a version.
    let mayCollide = precondition.resourceVersion == nil && !dryRun
    func isMeant(_ live: DocumentValue?) -> Bool {
      precondition.uid == nil || precondition.uid == live?[path: "metadata", "uid"]?.string
    }
    return try await writing(request, name, afterConflict: { mayCollide && isMeant($0) }) { live in
      guard !dryRun, let live, isMeant(live) else { return nil }
      return Self.owns(live, nothingBut: object) && live.contains(object) ? live : nil
    }
  }

  /// Changes an object that is still as it was read, by a JSON merge patch.
  /// - Parameter subresource: such as `status`, where that alone is to be changed.
  package func patch(
    _ name: ObjectName, subresource: String? = nil, with patch: DocumentValue, precondition: Precondition
  ) async throws -> DocumentValue {
    var request = APIRequest(.patch, name.path + (subresource.map { "/\($0)" } ?? ""))
    request.contentType = "application/merge-patch+json"
    request.query = [("fieldManager", Self.fieldManager), ("fieldValidation", "Strict")]
    request.body = JSONText(precondition.added(to: patch)).bytes
    return try await writing(request, name) { live in
      // A repetition is refused with 409 where the resourceVersion has moved on, and harmless where it has not.
      live.flatMap { $0.contains(patch) ? $0 : nil }
    }
  }

  /// Makes an object. A second attempt of the same creation finds the first one by its annotation.
  package func create(_ object: DocumentValue, as name: ObjectName, request nonce: String) async throws
    -> DocumentValue
  {
    var request = APIRequest(.create, name.resource.path(namespace: name.namespace))
    request.query = [("fieldManager", Self.fieldManager), ("fieldValidation", "Strict")]
    let keys = ["metadata", "annotations", Self.requestAnnotation]
    request.body = JSONText(object.setting(keys, to: .string(nonce))).bytes
    return try await writing(request, name) { live in
      live.flatMap { $0[path: "metadata", "annotations", Self.requestAnnotation]?.string == nonce ? $0 : nil }
    }
  }

  /// Deletes an object that is still the one that was read.
  /// - Parameter graceSeconds: nil leaves it to the object.
  package func delete(
    _ name: ObjectName, precondition: Precondition, graceSeconds: Int? = nil
  ) async throws -> Deletion {
    var options: [DocumentValue.Entry] = [.init("kind", .string("DeleteOptions")), .init("apiVersion", .string("v1"))]
    var conditions: [DocumentValue.Entry] = []
    if let uid = precondition.uid { conditions.append(.init("uid", .string(uid))) }
    if let version = precondition.resourceVersion { conditions.append(.init("resourceVersion", .string(version))) }
    if !conditions.isEmpty { options.append(.init("preconditions", .mapping(conditions))) }
    if let graceSeconds { options.append(.init("gracePeriodSeconds", .integer(graceSeconds))) }
    options.append(.init("propagationPolicy", .string("Background")))
    var request = APIRequest(.delete, name.path)
    request.body = JSONText(.mapping(options)).bytes
    do {
      _ = try await writing(request, name) { live in
        guard let live else { return .null }
        let isAnother = precondition.uid.map { $0 != live[path: "metadata", "uid"]?.string } ?? false
        return isAnother || live[path: "metadata", "deletionTimestamp"] != nil ? live : nil
      }
      return .done
    } catch let failure as APIFailure where failure.kind == .notFound {
      return .wasNotThere
    }
  }

  // MARK: - Writing

  /// Writes, and never twice without having looked in between.
  ///
  /// A server that was not reached, or was too busy to begin (429), has done nothing: the write is repeated. After any
  /// other failure without a clear answer the object is read: where `done` sees the effect, that is the answer.
  ///
  /// - Parameter afterConflict: whether an object as it now is may be written to in spite of a conflict; nil where a
  ///   conflict is an answer.
  private func writing(
    _ request: APIRequest, _ name: ObjectName, afterConflict mayRepeat: ((DocumentValue?) -> Bool)? = nil,
    done: (DocumentValue?) -> DocumentValue?
  ) async throws -> DocumentValue {
    var request = request
    request.isFenced = name.resource.plural != "leases"
    var attempt = 1
    while true {
      do {
        return try await value(request)
      } catch let failure as APIFailure {
        switch failure.kind {
        case .unreachable, .tooManyRequests: break
        case .interrupted, .server, .malformed, .tooLarge:
          if let seen = try await lookAgain(name, after: failure, done) { return seen }
        // The first attempt may have been the one that this one collides with.
        case .conflict where attempt > 1 || mayRepeat != nil:
          var goesOn = false
          let seen = try await lookAgain(name, after: failure) { live in
            goesOn = mayRepeat?(live) ?? false
            return done(live)
          }
          if let seen { return seen }
          guard goesOn else { throw failure }
        default: throw failure
        }
        guard let delay = limits.retry.delay(after: failure, attempt: attempt) else {
          guard [.unreachable, .tooManyRequests, .conflict].contains(failure.kind) else {
            throw unknown(failure, "it has not been done as far as can be seen, but may still be")
          }
          throw failure
        }
        try await limits.retry.pause(delay)
        attempt += 1
      }
    }
  }

  /// The object, if the effect is seen; nil if it is not there yet.
  private func lookAgain(
    _ name: ObjectName, after failure: APIFailure, _ done: (DocumentValue?) -> DocumentValue?
  ) async throws -> DocumentValue? {
    do {
      return done(try await get(name))
    } catch let second as APIFailure where second.kind == .notFound {
      return done(nil)
    } catch let second as APIFailure {
      throw unknown(failure, "looking again failed too (\(second.message))")
    }
  }

  private func unknown(_ failure: APIFailure, _ why: String) -> APIFailure {
    var unknown = failure
    unknown.kind = .unknown
    unknown.message += "; whether it was done is not known: \(why)"
    return unknown
  }

  /// Whether fields of the object were applied by us, and none that `wanted` no longer names: those go away only when
  /// the write happens.
  static func owns(_ live: DocumentValue, nothingBut wanted: DocumentValue) -> Bool {
    let own = (live[path: "metadata", "managedFields"]?.elements ?? []).filter {
      $0["manager"]?.string == fieldManager && $0["operation"]?.string == "Apply"
    }
    return !own.isEmpty && own.allSatisfy { names(wanted, $0["fieldsV1"] ?? .mapping([])) }
  }

  /// Whether a value names every field of a field set: `f:` is a key of it, `k:`, `v:` and `i:` an element of a list,
  /// `.` the thing itself.
  private static func names(_ value: DocumentValue, _ fields: DocumentValue) -> Bool {
    let elements = fields.entries.count { ["k:", "v:", "i:"].contains($0.key.prefix(2)) }
    guard elements <= value.elements.count else { return false }
    return fields.entries.allSatisfy { field in
      guard field.key.hasPrefix("f:") else { return true }
      return value[String(field.key.dropFirst(2))].map { names($0, field.value) } ?? false
    }
  }
}

extension DocumentValue {
  /// Whether all of `part` is so: each field, and each element of a list somewhere in the list. A null wants absence.
  package func contains(_ part: DocumentValue) -> Bool {
    switch (self, part) {
    case (_, .mapping(let entries)):
      return entries.allSatisfy { entry in
        guard let own = self[entry.key] else { return entry.value == .null || entry.value == .mapping([]) }
        return own.contains(entry.value)
      }
    case (.list(let own), .list(let wanted)):
      return wanted.count <= own.count && wanted.allSatisfy { element in own.contains { $0.contains(element) } }
    default: return self == part
    }
  }
}
