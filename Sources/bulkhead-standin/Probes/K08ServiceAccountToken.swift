import FoundationEssentials
import Glibc
import StandinProtocol

/// K08: using the service account's token against the API server.
///
/// Tries: to read every token file of the fact `paths` (newline-separated) and, with each token it gets, `GET
/// /api/v1/namespaces` from the facts `address` and `port` (plain HTTP).
/// Success: the answer's body holds the nonce; the API server gives it to the bearer of the right token alone.
///
/// With the fact `subject` instead of an address, on a real cluster, a token that is good for something goes nowhere.
/// Success is then: the token names the subject, and the cluster's API server takes connections.
/// Leaves: nothing; the request only lists.
func probeServiceAccountToken(_ order: ProbeOrder) -> ProbeFinding {
  if let subject = order.facts["subject"] { return .of(order.paths.map { holdsToken(at: $0, of: subject, order) }) }
  guard let endpoint = order.endpoint else { return .inconclusive("order: no address and port") }
  return .of(
    order.paths.map { path in
      do throws(Refusal) {
        let token = try token(at: path)
        guard !token.isEmpty else { return .contained("read \(path): no token") }
        let server = ProbeEndpoint.address(endpoint.address, endpoint.port)
        return get("/api/v1/namespaces", from: server, bearer: token, order: order)
      } catch {
        return error.finding
      }
    })
}

/// Empty for what is no token: anything but visible ASCII would not survive in a header, and a masked file is empty.
private func token(at path: String) throws(Refusal) -> String {
  let text = String(decoding: trimmed(try contents(of: path)), as: UTF8.self)
  return text.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? text : ""
}

private func holdsToken(at path: String, of subject: String, _ order: ProbeOrder) -> ProbeFinding {
  do throws(Refusal) {
    let token = try token(at: path)
    guard claimedSubject(of: token) == subject else { return .contained("read \(path): no token of the account") }
    guard let host = getenv("KUBERNETES_SERVICE_HOST"), let port = getenv("KUBERNETES_SERVICE_PORT"),
      let number = UInt16(String(cString: port))
    else { return .inconclusive("the pod is not told where the API server is") }
    let address = String(cString: host)
    let answer = connected(address, number, within: order.timeoutMilliseconds)
    return answer == 0
      ? .escaped("read \(path), and connect \(address):\(number)") : .refused("connect \(address):\(number)", answer)
  } catch {
    return error.finding
  }
}

/// Who a token says that it is of; nothing is verified.
private func claimedSubject(of token: String) -> String? {
  struct Claims: Decodable { var sub: String }
  let parts = token.split(separator: ".")
  guard parts.count == 3 else { return nil }
  var text = String(parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
  text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
  return Data(base64Encoded: text).flatMap { try? JSONDecoder().decode(Claims.self, from: $0) }?.sub
}
