import EnvoyMesh
import FleetModel
import IntentModel
import Twin

/// A twin and the data plane of its sidecars, which live and end together.
struct TwinSession: Sendable {
  let twin: LocalTwin
  private let mesh: EnvoyDataPlane

  /// - Parameter wrongs: what is planted.
  init(
    fleet: Fleet, derivation: IntentDerivation? = nil, wrongs: [PlantedWrong] = [], options: RehearsalOptions,
    tools: Tools
  ) throws {
    mesh = try EnvoyDataPlane(layout: SidecarLayout(adminSocket: LocalTwin.sidecarAdminFolder + "/admin.sock"))
    twin = LocalTwin(
      TwinSettings(
        fleet: fleet, derivation: derivation ?? IntentDerivation(fleet: fleet), wrongs: wrongs,
        requestsPerSecond: options.requestsPerSecond, envoy: tools.envoy, standin: tools.standin,
        initProgram: tools.initProgram, kernelFidelity: options.kernelFidelity),
      sidecars: mesh)
  }

  /// Ends the twin, even for a task that is cancelled.
  /// - Returns: how long it took until nothing of the twin was left.
  @discardableResult
  func close() async -> Duration {
    await Task {
      let clock = ContinuousClock()
      let began = clock.now
      await twin.close()
      let took = clock.now - began
      await mesh.stop()
      return took
    }.value
  }
}
