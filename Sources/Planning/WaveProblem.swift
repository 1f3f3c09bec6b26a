package import Diagnostics

/// A bare planning instance, `P | prec, p_j | Σ w_j C_j` in waves: every job goes into one wave (numbered from 1), the
/// efforts of one lane in a wave add up to at most `capacity`, and the objective is Σ weight × wave.
package struct WaveProblem: Sendable, Equatable {
  package struct Job: Sendable, Equatable {
    package var id: String
    /// What the job costs for every wave that it is not yet done; at least 0.
    package var weight: Double
    /// At least 1, in the same unit as the capacity.
    package var effort: Int
    /// Jobs of different lanes do not take room from each other, such as entering the mesh and being locked.
    package var lane: Int
    /// The first and the last wave it may be in; at least 1.
    package var earliest: Int
    package var latest: Int?

    package init(
      id: String, weight: Double, effort: Int = 1, lane: Int = 0, earliest: Int = 1, latest: Int? = nil
    ) {
      self.id = id
      self.weight = weight
      self.effort = effort
      self.lane = lane
      self.earliest = earliest
      self.latest = latest
    }
  }

  /// `before` is in an earlier wave than `after`; both are places in `jobs`.
  package struct Precedence: Sendable, Hashable {
    package var before: Int
    package var after: Int

    package init(_ before: Int, _ after: Int) {
      self.before = before
      self.after = after
    }
  }

  /// At most `limit` of the members are in one wave, such as the workloads behind one service.
  package struct Budget: Sendable, Equatable {
    package var members: [Int]
    package var limit: Int
    /// What it stands for, in messages.
    package var name: String

    package init(members: [Int], limit: Int, name: String = "a budget") {
      self.members = members
      self.limit = limit
      self.name = name
    }
  }

  package var jobs: [Job]
  package var precedence: [Precedence]
  package var capacity: Int
  package var budgets: [Budget]

  package static let maximumJobs = 100_000
  package static let maximumPrecedence = 1_000_000
  /// Greatest weight, effort and capacity: sums over all jobs stay exact enough.
  package static let maximumNumber = 1_000_000_000_000.0
  package static let maximumLanes = 8

  package init(jobs: [Job], precedence: [Precedence], capacity: Int, budgets: [Budget] = []) {
    self.jobs = jobs
    self.precedence = precedence
    self.capacity = capacity
    self.budgets = budgets
  }

  /// - Throws: `BulkheadError(.badInput)` naming the smallest conflict: one job, one pair, or one group.
  package func validate() throws(BulkheadError) {
    guard jobs.count <= Self.maximumJobs, precedence.count <= Self.maximumPrecedence else {
      throw BulkheadError(
        .badInput,
        "the instance is beyond \(Self.maximumJobs) jobs or \(Self.maximumPrecedence) pairs of precedence",
        cure: "split it into independent parts")
    }
    guard capacity >= 1 else {
      throw BulkheadError(.badInput, "the capacity is \(capacity)", cure: "give a capacity above 0")
    }
    for job in jobs {
      guard job.weight.isFinite, job.weight >= 0, job.weight <= Self.maximumNumber else {
        throw BulkheadError(
          .badInput, "job \(job.id.safeForTerminal) has the weight \(job.weight)", cure: "give a weight from 0 to 1e12")
      }
      guard job.effort >= 1 else {
        throw BulkheadError(
          .badInput, "job \(job.id.safeForTerminal) has no effort above 0", cure: "give an effort above 0")
      }
      guard job.effort <= capacity else {
        throw BulkheadError(
          .badInput, "job \(job.id.safeForTerminal) alone is more than the capacity of a wave",
          cure: "raise the capacity to its effort, or split the job")
      }
      guard (0..<Self.maximumLanes).contains(job.lane) else {
        throw BulkheadError(
          .badInput, "job \(job.id.safeForTerminal) is in lane \(job.lane)",
          cure: "number lanes from 0 to \(Self.maximumLanes - 1)")
      }
      guard job.earliest >= 1, job.latest ?? job.earliest >= job.earliest, job.earliest <= Self.maximumJobs else {
        throw BulkheadError(
          .badInput, "job \(job.id.safeForTerminal) has no wave it may be in",
          cure: "give an earliest wave from 1, and a latest one that is not before it")
      }
    }
    for pair in precedence where !jobs.indices.contains(pair.before) || !jobs.indices.contains(pair.after) {
      throw BulkheadError(.badInput, "a pair of precedence names a job that is not there", cure: "list every job")
    }
    for budget in budgets where budget.limit < 1 && !budget.members.isEmpty {
      let names = budget.members.prefix(3).map { jobs[$0].id.safeForTerminal }.joined(separator: ", ")
      throw BulkheadError(
        .badInput, "\(budget.name.safeForTerminal) lets none of its members change: \(names)",
        cure: "allow at least one a wave")
    }
  }
}
