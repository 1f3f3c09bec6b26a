import NIOCore
import StandinProtocol

/// Plays users: an open loop, so that a slow system gets the same requests as a fast one. Requests are planned on a
/// monotonic schedule and their latency counts from the planned time, so that time spent waiting for this process
/// is not hidden. Belongs to the event loop.
final class UserTraffic {
  static let mostInFlight = 512
  /// Requests per second; more would leave the event loop no time for anything else.
  static let highestRate = 100_000.0

  private let standin: Standin
  private let users: Int
  private var rate: Double
  /// Of a spike; 1 without one.
  private var factor = 1.0
  /// Ends of spikes that were replaced are recognised by it and dropped.
  private var spikes = 0
  private var share = 0
  private var inFlight = 0
  private var number = 0
  /// The plan: request k after `origin` is due at origin + k / pace.
  private var origin = NIODeadline.now()
  private var planned = 0
  /// Plans of before a change of the rate are recognised by it and dropped.
  private var generation = 0

  init(standin: Standin, users: StandinConfiguration.Users) {
    self.standin = standin
    self.users = max(users.count, 1)
    rate = users.requestsPerSecond
  }

  func start() { replan() }

  func change(rate: Double) {
    self.rate = rate
    replan()
  }

  func begin(_ spike: Spike) {
    spikes += 1
    factor = max(spike.factor, 0)
    replan()
    let mine = spikes
    // An hour bounds what a time amount has to hold.
    let end = TimeAmount.milliseconds(Int64(min(max(spike.seconds, 0), 3600) * 1000))
    standin.loop.assumeIsolated().scheduleTask(in: end) {
      guard mine == self.spikes, self.factor != 1 else { return }
      self.factor = 1
      self.replan()
    }
  }

  private var pace: Double { min(rate * factor, Self.highestRate) }

  /// - Parameter share: percent.
  func change(canaryShare share: Int) { self.share = share }

  private func replan() {
    generation += 1
    origin = .now()
    planned = 0
    guard pace > 0, pace.isFinite else { return }
    schedule()
  }

  /// A rate close to 0 means years to the next request; the bound keeps them within a deadline's range.
  private var nextDue: NIODeadline { origin + .nanoseconds(Int64(min(Double(planned) / pace * 1e9, 1e18))) }

  private func schedule() {
    let mine = generation
    standin.loop.assumeIsolated().scheduleTask(deadline: nextDue) {
      guard mine == self.generation else { return }
      let now = NIODeadline.now()
      var due = self.nextDue
      while due <= now {
        self.request(planned: due)
        self.planned += 1
        due = self.nextDue
      }
      self.schedule()
    }
  }

  private func request(planned: NIODeadline) {
    let isCanary = CohortAssignment.isCanary(user: number % users, share: share)
    number &+= 1
    standin.tally.userSends()
    guard inFlight < Self.mostInFlight else {
      return standin.tally.user(canary: isCanary, milliseconds: nil, failed: true)
    }
    inFlight += 1
    let hop = Hop(cohort: isCanary ? StandinHeader.canary : nil, trace: standin.newTrace())
    standin.call(hop) { origin in
      self.inFlight -= 1
      self.standin.tally.user(canary: isCanary, milliseconds: milliseconds(since: planned), failed: origin != nil)
    }
  }
}
