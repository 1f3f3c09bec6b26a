import FleetModel

/// The rollout's steps of each workload in the draft, by its position: found without looking at names, because a large
/// fleet asks for them a million times.
struct StepMitigations {
  private struct Own {
    var id: ObjectReference
    /// Where the steps of this name are: a name that stands twice in the fleet has them once.
    var place: Int
    var harden: Int32 = -1
    var authorise: Int32 = -1
    var isolate: Int32 = -1
    /// Sets in the draft: hardening alone, isolating alone, either way of refusing callers.
    var hardenSet: Int32 = -1
    var isolateSet: Int32 = -1
    var refuseSet: Int32 = -1
  }
  private var all: [Own] = []

  mutating func append(_ id: ObjectReference, sameAs other: Int?) {
    all.append(Own(id: id, place: other.map { all[$0].place } ?? all.count))
  }

  mutating func harden(_ workload: Int, _ draft: inout BreachGraphDraft) -> Int32 {
    let place = all[workload].place
    if all[place].harden < 0 { all[place].harden = draft.add(Mitigation(.harden, all[place].id)) }
    return all[place].harden
  }

  mutating func authorise(_ workload: Int, _ draft: inout BreachGraphDraft) -> Int32 {
    let place = all[workload].place
    if all[place].authorise < 0 { all[place].authorise = draft.add(Mitigation(.authorise, all[place].id)) }
    return all[place].authorise
  }

  mutating func isolate(_ workload: Int, _ draft: inout BreachGraphDraft) -> Int32 {
    let place = all[workload].place
    if all[place].isolate < 0 { all[place].isolate = draft.add(Mitigation(.isolate, all[place].id)) }
    return all[place].isolate
  }

  mutating func hardenSet(_ workload: Int, _ draft: inout BreachGraphDraft) -> Int32 {
    let place = all[workload].place
    if all[place].hardenSet < 0 { all[place].hardenSet = draft.addSet([harden(place, &draft)]) }
    return all[place].hardenSet
  }

  mutating func isolateSet(_ workload: Int, _ draft: inout BreachGraphDraft) -> Int32 {
    let place = all[workload].place
    if all[place].isolateSet < 0 { all[place].isolateSet = draft.addSet([isolate(place, &draft)]) }
    return all[place].isolateSet
  }

  mutating func refuseSet(_ workload: Int, _ draft: inout BreachGraphDraft) -> Int32 {
    let place = all[workload].place
    if all[place].refuseSet < 0 {
      all[place].refuseSet = draft.addSet([authorise(place, &draft), isolate(place, &draft)])
    }
    return all[place].refuseSet
  }
}
