import Testing

@testable import EnvoyMesh

@Suite struct StatisticsLineTests {
  @Test(
    arguments: [
      ("bulkhead.http.in_8080.downstream_rq_completed:3|c", "http.in_8080.downstream_rq_completed", 3),
      ("bulkhead.http.out|shop/cart|80.downstream_rq_5xx:1|c", "http.out|shop/cart|80.downstream_rq_5xx", 1),
      ("bulkhead.http.in_8080.downstream_rq_time:0|ms", "http.in_8080.downstream_rq_time.le_1", 1),
      ("bulkhead.http.in_8080.downstream_rq_time:1|ms", "http.in_8080.downstream_rq_time.le_1", 1),
      ("bulkhead.http.in_8080.downstream_rq_time:151|ms", "http.in_8080.downstream_rq_time.le_175", 1),
      ("bulkhead.http.in_8080.downstream_rq_time:99999|ms", "http.in_8080.downstream_rq_time.le_more", 1),
      // What nobody is judged by is not kept.
      ("bulkhead.http.out|shop/cart|80.downstream_rq_time:5|ms", nil, 0),
      ("bulkhead.http.in_8080.downstream_cx_length_ms:5|ms", nil, 0),
      ("bulkhead.http.in_8080.downstream_rq_time:nan|ms", nil, 0),
      ("bulkhead.http.in_8080.downstream_rq_time:-1|ms", nil, 0),
      ("bulkhead.x:-1|c", nil, 0), ("bulkhead.x:5|g", nil, 0), ("other.x:5|c", nil, 0), ("", nil, 0),
    ] as [(String, String?, Int)])
  func growthAndTimesAreRead(line: String, name: String?, growth: Int) {
    let read = StatisticsLine(Array(line.utf8))
    #expect(read?.name == name)
    if name != nil { #expect(read?.growth == growth) }
  }
}
