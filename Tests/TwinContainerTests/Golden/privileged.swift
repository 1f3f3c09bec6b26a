extension Golden {
  static let privileged = ""
}
