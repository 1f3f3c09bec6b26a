/// What one sidecar was offered, what it runs with and which polls are held open. A state machine without I/O.
///
/// Envoy's REST client does not say that it refused a version: it asks again with the version before. One such request
/// proves nothing (a cluster that was rebuilt asks afresh as well), so a version counts as refused when it was offered
/// `attempts` times and not taken; it is offered once more each time a held poll expires.
package struct Subscriptions: Sendable {
  package enum Decision: Sendable, Equatable {
    case answer(String)
    /// Keep the poll open; `isRefused` asks for a shorter hold, so that a sidecar that can take it gets another chance.
    case hold(isRefused: Bool)
  }
  package enum Standing: Sendable, Equatable { case current, waiting, refused(String) }
  static let attempts = 3

  private struct Resource {
    var version: UInt64
    var content: [JSONValue]
    var taken = false
    var offers = 0
    var refusal: String?
    var isRefused = false
  }
  private var resources: [ResourceKey: Resource] = [:]
  private var held: [UInt64: ResourceKey] = [:]
  private var lastVersion: UInt64 = 0
  private var rights: Set<String> = []
  /// The listener version after which connections made under older rules are closing.
  private var drainingVersion: UInt64?

  package init() {}

  /// Takes over a new configuration and returns the held polls to answer, with their answers. A sidecar that is not
  /// `inUse` yet has no connections to drain.
  package mutating func publish(_ set: ResourceSet, inUse: Bool = true) -> [(poll: UInt64, body: String)] {
    let previous = resources
    lastVersion += 1
    resources = [:]
    for (key, content) in set.resources {
      if let old = previous[key], old.content == content {
        resources[key] = old
      } else {
        resources[key] = Resource(version: lastVersion, content: content)
      }
    }
    if inUse, !rights.isSubset(of: set.rights) { drainingVersion = lastVersion }
    rights = set.rights
    var answers: [(poll: UInt64, body: String)] = []
    for (poll, key) in held.sorted(by: { $0.key < $1.key }) where resources[key].map({ $0.offers == 0 }) ?? false {
      guard let body = offer(key) else { continue }
      held[poll] = nil
      answers.append((poll, body))
    }
    return answers
  }

  package mutating func ask(_ request: DiscoveryRequest, poll: UInt64) -> Decision {
    guard var resource = resources[request.key] else {
      held[poll] = request.key
      return .hold(isRefused: false)
    }
    if request.version == String(resource.version) {
      resource.taken = true
      resource.isRefused = false
      resource.refusal = nil
      resources[request.key] = resource
      held[poll] = request.key
      return .hold(isRefused: false)
    }
    if resource.taken {
      // It had this version and asks with another: a new subscription, or a sidecar that was restarted.
      resource.taken = false
      resource.offers = 0
    }
    if let refusal = request.refusal { resource.refusal = refusal }
    resource.isRefused = resource.offers >= Self.attempts
    resources[request.key] = resource
    if !resource.isRefused, let body = offer(request.key) { return .answer(body) }
    held[poll] = request.key
    return .hold(isRefused: true)
  }

  /// A held poll has waited long enough: nil means "nothing new".
  package mutating func expire(poll: UInt64) -> String? {
    guard let key = held.removeValue(forKey: poll), resources[key]?.isRefused == true else { return nil }
    return offer(key)
  }

  package mutating func abandon(poll: UInt64) { held[poll] = nil }

  /// The sidecar is gone; the next one starts with nothing.
  package mutating func restart() {
    held = [:]
    for key in resources.keys {
      resources[key]?.taken = false
      resources[key]?.offers = 0
      resources[key]?.isRefused = false
    }
  }

  package func standing() -> (standing: Standing, key: ResourceKey?) {
    let refused = resources.filter(\.value.isRefused).keys.sorted()
    if let key = refused.first { return (.refused(resources[key]?.refusal ?? ""), key) }
    let waiting = resources.filter { !$0.value.taken }.keys.sorted()
    if let key = waiting.first { return (.waiting, key) }
    return (.current, nil)
  }

  /// True once, when the sidecar has taken the listeners that close older connections.
  package mutating func beginsDraining() -> Bool {
    guard let version = drainingVersion, let listeners = resources[ResourceKey(.listeners)], listeners.taken,
      listeners.version >= version
    else { return false }
    drainingVersion = nil
    return true
  }

  private mutating func offer(_ key: ResourceKey) -> String? {
    guard var resource = resources[key] else { return nil }
    resource.offers += 1
    resources[key] = resource
    let answer: JSONValue = [
      "version_info": .string(String(resource.version)), "resources": .array(resource.content),
    ]
    return answer.text
  }
}
