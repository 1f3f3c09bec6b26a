extension Golden {
  static let sidecar = ""
}
