package import FleetModel
package import IntentModel

/// What a twin is made from.
package struct TwinSettings: Sendable {
  package var fleet: Fleet
  package var derivation: IntentDerivation
  package var wrongs: [PlantedWrong]
  package var requestsPerSecond: Double
  /// Programs on this machine.
  package var envoy: String
  package var standin: String
  package var initProgram: String
  package var kernelFidelity: Bool

  package init(
    fleet: Fleet, derivation: IntentDerivation, wrongs: [PlantedWrong], requestsPerSecond: Double, envoy: String,
    standin: String, initProgram: String, kernelFidelity: Bool
  ) {
    self.fleet = fleet
    self.derivation = derivation
    self.wrongs = wrongs
    self.requestsPerSecond = requestsPerSecond
    self.envoy = envoy
    self.standin = standin
    self.initProgram = initProgram
    self.kernelFidelity = kernelFidelity
  }

  static let nodes = ["node-1", "node-2"]
}
