import ArgumentParser
import Diagnostics
import Policies

/// What no manifest tells: where controllers run, how long exceptions last.
struct PolicyDetails: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Except ports that callers without a certificate need, until this day; without it such servers stay permissive.",
      valueName: "YYYY-MM-DD"))
  var exceptionsEnd: String?
  @Option(name: .long, help: ArgumentHelp("Who answers for the exceptions.", valueName: "name"))
  var exceptionOwner: String?
  @Option(name: .long, help: ArgumentHelp("Where the ingress controller runs.", valueName: "namespace"))
  var ingressNamespace: String?
  @Option(
    name: .long, help: ArgumentHelp("Where Prometheus runs, if it is not in the input.", valueName: "namespace"))
  var scraperNamespace: String?
  @Option(name: .long, help: ArgumentHelp("The mesh's trust domain.", valueName: "domain"))
  var trustDomain = "cluster.local"
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Segments by: automatic, namespace, communities, userRole, or label:KEY.", valueName: "method"))
  var segments = "automatic"

  init() {}

  func options(for target: PolicyTarget, _ keepsUndecided: Bool) throws -> PolicyOptions {
    var options = PolicyOptions(target: target)
    options.keepsUndecided = keepsUndecided
    if let exceptionsEnd {
      guard Self.isDay(exceptionsEnd) else {
        throw BulkheadError(
          .usage, "\"\(exceptionsEnd.safeForTerminal)\" is no day",
          cure: "write year, month and day, such as --exceptions-end 2027-01-31")
      }
      options.exceptionsEnd = exceptionsEnd
    }
    options.exceptionOwner = exceptionOwner
    options.ingressNamespace = try name(ingressNamespace, "--ingress-namespace")
    options.scraperNamespace = try name(scraperNamespace, "--scraper-namespace")
    guard !trustDomain.isEmpty, trustDomain.utf8.count <= 255, trustDomain.allSatisfy(Self.isDomainCharacter) else {
      throw BulkheadError(
        .usage, "\"\(trustDomain.safeForTerminal)\" is no trust domain",
        cure: "write lower-case letters, digits, dots, dashes and underscores, such as cluster.local")
    }
    options.trustDomain = trustDomain
    _ = try checkedSegmentation()
    return options
  }

  /// Checked by `options`.
  var segmentation: Segmentation.Method { (try? checkedSegmentation()) ?? .automatic }

  private func checkedSegmentation() throws -> Segmentation.Method {
    switch segments {
    case "automatic": return .automatic
    case "namespace": return .namespace
    case "communities": return .communities
    case "userRole": return .userRole
    case _ where segments.hasPrefix("label:") && segments.count > 6: return .label(String(segments.dropFirst(6)))
    default:
      throw BulkheadError(
        .usage, "\"\(segments.safeForTerminal)\" is no way to make segments",
        cure: "write automatic, namespace, communities, userRole or label:KEY")
    }
  }

  private func name(_ text: String?, _ option: String) throws -> String? {
    guard let text else { return nil }
    let isName =
      (1...63).contains(text.utf8.count)
      && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
    guard isName else {
      throw BulkheadError(
        .usage, "\"\(text.safeForTerminal)\" is no namespace", cure: "write \(option) with a namespace's name")
    }
    return text
  }

  private static func isDomainCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLowercase || character.isNumber || ".-_".contains(character))
  }

  /// A date of the calendar; whether it has passed is not asked here.
  private static func isDay(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [4, 2, 2], parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), (1...12).contains(month)
    else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...days[month - 1]).contains(day)
  }
}
