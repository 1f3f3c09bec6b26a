import NIOCore

/// Calls `body` on the event loop, whose thread this must be, for as long as the loop runs; the first time after one
/// interval.
func repeatedly(on loop: any EventLoop, every interval: TimeAmount, _ body: @escaping () -> Void) {
  loop.assumeIsolated().scheduleTask(in: interval) {
    body()
    repeatedly(on: loop, every: interval, body)
  }
}
