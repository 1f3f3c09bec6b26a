extension Golden {
  static let sharedProcesses = ""
}
