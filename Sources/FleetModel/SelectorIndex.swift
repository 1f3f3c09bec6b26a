/// Elements by what their selector asks for, so that a pod's elements are found without trying all of them.
package struct SelectorIndex<Element: Sendable>: Sendable {
  private struct Label: Hashable {
    var namespace: String
    var key: String
    var value: String
  }
  private let elements: [(element: Element, selector: LabelSelector)]
  private let byLabel: [Label: [Int]]
  /// Those whose selector names no single value, by namespace.
  private let others: [String: [Int]]

  /// - Parameter place: namespace and selector; nil for an element that selects nothing.
  package init(_ all: [Element], _ place: (Element) -> (String, LabelSelector)?) {
    var elements: [(element: Element, selector: LabelSelector)] = []
    var byLabel: [Label: [Int]] = [:]
    var others: [String: [Int]] = [:]
    for element in all {
      guard let (namespace, selector) = place(element) else { continue }
      let single = selector.requirements.first { $0.operation == .isIn && $0.values.count == 1 }
      if let single {
        let label = Label(namespace: namespace, key: single.key, value: single.values[0])
        byLabel[label, default: []].append(elements.count)
      } else {
        others[namespace, default: []].append(elements.count)
      }
      elements.append((element, selector))
    }
    self.elements = elements
    self.byLabel = byLabel
    self.others = others
  }

  /// In the order given.
  package func elements(matching labels: [String: String], in namespace: String) -> [Element] {
    if elements.isEmpty { return [] }
    var candidates = others[namespace] ?? []
    for (key, value) in labels {
      candidates += byLabel[Label(namespace: namespace, key: key, value: value)] ?? []
    }
    return candidates.sorted().filter { elements[$0].selector.matches(labels) }.map { elements[$0].element }
  }
}
