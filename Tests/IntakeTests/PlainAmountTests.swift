import Testing

@testable import Intake

/// The short cut for amounts against the quantity it stands for.
struct PlainAmountTests {
  @Test func agreesWithTheQuantityOrDeclines() {
    var read = 0
    let numbers = [
      "0", "1", "7", "64", "250", "999", "1000", "1001", "123456789012", "1234567890123", "010", "00",
      "+1", "-1", "1.5", "1_0", "",
    ]
    let suffixes = [
      "", "m", "k", "K", "Ki", "M", "Mi", "G", "Gi", "T", "Ti", "P", "Pi", "E", "e3", "i", "mi", "mm", " ",
      "n", "u", "é",
    ]
    for number in numbers {
      for suffix in suffixes {
        guard let plain = PlainAmount(number + suffix) else { continue }
        let quantity = Quantity(number + suffix)
        #expect(quantity?.units == plain.units && quantity?.milli == plain.milli, "\(number + suffix)")
        read += 1
      }
    }
    // Eight numbers with ten suffixes and a zero alone, but for four products beyond 64 bits.
    #expect(read == 77)
  }
}
