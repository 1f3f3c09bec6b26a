extension Golden {
  static let restricted = ""
}
