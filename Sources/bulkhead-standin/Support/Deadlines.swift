import NIOCore

/// Something that must end in time.
protocol Expiring: AnyObject {
  var isDone: Bool { get }
  func expire()
}

/// Ends what has not ended by itself after a fixed time. The time is the same for all, so the queue is sorted by
/// itself and one timer, set for the oldest, serves it: no timer per call. Belongs to the event loop.
final class Deadlines {
  private let loop: any EventLoop
  private let limit: TimeAmount
  private var queue: [(due: NIODeadline, item: any Expiring)] = []
  private var first = 0
  private var armed = false

  init(loop: any EventLoop, limit: TimeAmount) {
    self.loop = loop
    self.limit = limit
  }

  func add(_ item: any Expiring) {
    dropDone()
    queue.append((.now() + limit, item))
    arm()
  }

  private func arm() {
    guard !armed, first < queue.count else { return }
    armed = true
    loop.assumeIsolated().scheduleTask(deadline: queue[first].due) {
      self.armed = false
      self.expireDue()
      self.arm()
    }
  }

  private func expireDue() {
    let now = NIODeadline.now()
    dropDone()
    while first < queue.count, queue[first].due <= now {
      let item = queue[first].item
      first += 1
      if !item.isDone { item.expire() }
    }
    dropDone()
  }

  /// Lets go of what has ended at the front; the array is moved up when half of it is unused.
  private func dropDone() {
    while first < queue.count, queue[first].item.isDone { first += 1 }
    if first > 32, first * 2 > queue.count {
      queue.removeFirst(first)
      first = 0
    }
  }
}
