/// Words that the messages of all controls share.
enum Wording {
  /// More names than a person reads: an input with thousands of containers must not make messages of megabytes.
  private static let shown = 12

  /// `"a", "b"`, and how many more.
  static func list(_ names: [String]) -> String {
    let text = names.prefix(shown).map { "\"\($0)\"" }.joined(separator: ", ")
    return names.count > shown ? "\(text) and \(names.count - shown) more" : text
  }

  /// `a, b`, and how many more.
  static func plain(_ names: [String]) -> String {
    let text = names.prefix(shown).joined(separator: ", ")
    return names.count > shown ? "\(text) and \(names.count - shown) more" : text
  }

  static func some(_ word: String, _ count: Int) -> String { count == 1 ? word : word + "s" }

  /// `container "a"` or `containers "a", "b"`.
  static func containers(_ places: [ContainerPlace]) -> String {
    "\(some("container", places.count)) \(list(places.map(\.name)))"
  }

  /// `the pod`, its containers, or both: whoever has the forbidden value.
  static func setters(_ offence: Offence) -> String {
    var setters = offence.byPod ? ["the pod"] : []
    if !offence.containers.isEmpty { setters.append(containers(offence.containers)) }
    return setters.joined(separator: " and ")
  }
}
