import Synchronization

/// Something derived from a value, made when it is first asked for and shared by the value's copies. It takes no part
/// in equality: it says nothing that the value does not say.
final class Memo<Value: Sendable>: Sendable, Equatable {
  private let kept = Mutex<Value?>(nil)

  func value(_ make: () -> Value) -> Value {
    kept.withLock { kept in
      if let kept { return kept }
      let made = make()
      kept = made
      return made
    }
  }

  static func == (left: Memo, right: Memo) -> Bool { true }
}
