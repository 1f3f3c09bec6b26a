package import FleetModel

/// What a workload says it needs of the API server, in the annotation `bulkhead.dev/needs`:
/// `get,list configmaps; create events.k8s.io/events; get pods/log; get secrets[tls,db]`.
///
/// A resource may have its API group before a slash (a group has a dot or is one of the short ones such as `apps`), a
/// subresource after one, and names in brackets.
package struct DeclaredNeeds: Sendable, Equatable {
  package static let annotation = "bulkhead.dev/needs"

  /// In the order written, equal ones once.
  package var rules: [PolicyRule] = []
  /// Parts that could not be understood, or that ask for everything: a person has to decide.
  package var undecided: [String] = []

  private static let shortGroups: Set<String> = ["apps", "batch", "autoscaling", "policy", "extensions"]
  /// Longer texts are no declaration a person wrote.
  private static let longest = 10_000

  package init() {}

  package init(parsing text: String) {
    guard text.utf8.count <= Self.longest else {
      undecided = ["the annotation \(Self.annotation) is longer than \(Self.longest) bytes"]
      return
    }
    for part in text.split(whereSeparator: { $0 == ";" || $0 == "\n" }) { read(part) }
  }

  package mutating func merge(_ other: DeclaredNeeds) {
    for rule in other.rules where !rules.contains(rule) { rules.append(rule) }
    for text in other.undecided where !undecided.contains(text) { undecided.append(text) }
  }

  private mutating func read(_ part: Substring) {
    let words = part.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard !words.isEmpty else { return }
    let text = words.joined(separator: " ")
    guard words.count >= 2 else { return undecided.append("“\(text)”: verbs, a space and resources are expected") }
    let verbs = words[0].split(separator: ",").map { $0.lowercased() }
    guard !verbs.contains("*") else { return undecided.append("“\(text)”: which verbs?") }
    // Names hold commas of their own: split only outside brackets.
    for resource in Self.list(words[1...].joined(separator: " ")) {
      guard let rule = Self.rule(verbs, resource) else {
        undecided.append("“\(text)”: which resources?")
        continue
      }
      if !rules.contains(rule) { rules.append(rule) }
    }
  }

  private static func list(_ text: String) -> [String] {
    var parts: [String] = [""]
    var depth = 0
    for character in text {
      if character == "[" { depth += 1 }
      if character == "]" { depth -= 1 }
      if character == " " { continue }
      if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts.filter { !$0.isEmpty }
  }

  private static func rule(_ verbs: [String], _ text: String) -> PolicyRule? {
    var resource = text[...]
    var names: [String] = []
    if let open = resource.firstIndex(of: "[") {
      guard resource.last == "]" else { return nil }
      names = resource[resource.index(after: open)...].dropLast().split(separator: ",").map(String.init)
      resource = resource[..<open]
    }
    var group = ""
    if let slash = resource.firstIndex(of: "/") {
      let head = resource[..<slash]
      if head.contains(".") || shortGroups.contains(String(head)) {
        group = String(head)
        resource = resource[resource.index(after: slash)...]
      }
    }
    let plain = resource.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "/" || $0 == "-" || $0 == ".")
    }
    guard !resource.isEmpty, plain else { return nil }
    return PolicyRule(verbs: verbs, apiGroups: [group], resources: [String(resource)], resourceNames: names)
  }
}
