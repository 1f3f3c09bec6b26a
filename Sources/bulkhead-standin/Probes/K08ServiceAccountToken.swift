import StandinProtocol

/// K08: using the service account's token against the API server.
///
/// Tries: to read every token file of the fact `paths` (newline-separated) and, with each token it gets, `GET
/// /api/v1/namespaces` from the facts `address` and `port` (plain HTTP).
/// Success: the answer's body holds the nonce; the API server gives it to the bearer of the right token alone.
/// Leaves: nothing; the request only lists.
func probeServiceAccountToken(_ order: ProbeOrder) -> ProbeFinding {
  guard let endpoint = order.endpoint else { return .inconclusive("order: no address and port") }
  return .of(
    order.paths.map { path in
      do throws(Refusal) {
        let token = String(decoding: trimmed(try contents(of: path)), as: UTF8.self)
        // Anything but visible ASCII would not survive in a header; an empty file is a masked one.
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
          return .contained("read \(path): no token")
        }
        let server = ProbeEndpoint.address(endpoint.address, endpoint.port)
        return get("/api/v1/namespaces", from: server, bearer: token, order: order)
      } catch {
        return error.finding
      }
    })
}
