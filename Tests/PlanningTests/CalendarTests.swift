import Planning
import Testing

@Suite struct CalendarTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:30:15Z", 951_827_415), ("2026-03-01T09:00:00+01:00", 1_772_352_000),
    ("2025-12-31T23:59:59-00:30", 1_767_227_399), ("9999-12-31T23:59:59Z", 253_402_300_799),
  ]) func timesAreRead(text: String, seconds: Int) throws {
    let instant = try #require(Instant(text))
    #expect(instant.seconds == seconds)
    #expect(Instant(instant.description) == instant)
  }

  @Test(arguments: [
    "", "2026-03-01", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T00:00:00",
    "2026-03-01T00:00:60Z", "2026-03-01 00:00:00Z", "1969-12-31T23:59:59Z", "2026-03-01T00:00:00+25:00",
    "2026-03-01T00:00:00.5Z", "२०२६-03-01T00:00:00Z", "1970-01-01T00:00:00+01:00",
  ]) func othersAreNot(text: String) { #expect(Instant(text) == nil) }

  @Test func everyDayReadsBack() {
    for day in stride(from: 0, to: 80_000, by: 37) {
      let instant = Instant(seconds: day * 86_400 + 3_661)
      #expect(Instant(instant.description) == instant)
    }
  }
}
