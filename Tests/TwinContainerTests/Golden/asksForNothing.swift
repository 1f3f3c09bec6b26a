extension Golden {
  static let asksForNothing = ""
}
