import FleetModel
import KubernetesAPI
import Testing

@testable import KubernetesTarget

@Suite("What a discovery server knows of its namespaces")
struct ClusterPictureTests {
  private let start = ContinuousClock.now

  private func picture() -> ClusterPicture {
    ClusterPicture(MeshDocument(trustDomain: "cluster.local"), of: ["gone", "shop"])
  }

  private func places(_ namespace: String) -> [ClusterPicture.Place] { ClusterPicture.places(in: [namespace]) }

  private func pod(_ uid: String) -> DocumentValue { .map(["metadata": .map(["uid": .string(uid)])]) }

  @Test func isWholeOnceAllWasListed() {
    var picture = picture()
    for place in places("gone") + places("shop") {
      #expect(!picture.isWhole(at: start + .seconds(3_600)))
      picture.take(.listed([]), place)
    }
    #expect(picture.isWhole(at: start) && picture.unread.isEmpty)
  }

  @Test func whatMayNotBeReadIsWaitedForButNotForEver() {
    var picture = picture()
    for place in places("shop") { picture.take(.listed([pod("a")]), place) }
    for place in places("gone") {
      let news = [0, 8].map { picture.fail(place, .forbidden, at: start + .seconds($0)) }
      #expect(news == [true, false])
    }
    #expect(!picture.isWhole(at: start + .seconds(59)))
    #expect(picture.isWhole(at: start + .seconds(60)))
    #expect(picture.unread.map(\.description) == ["pods of gone", "services of gone"])
  }

  /// Sidecars have what they were told last; a picture without it would take it from them.
  @Test(arguments: [APIFailure.Kind.unreachable, .interrupted, .server, .unauthenticated, .malformed])
  func aServerThatDoesNotAnswerIsWaitedFor(_ kind: APIFailure.Kind) {
    var picture = picture()
    for place in places("shop") { picture.take(.listed([]), place) }
    for place in places("gone") { _ = picture.fail(place, kind, at: start) }
    #expect(!picture.isWhole(at: start + .seconds(86_400)))
  }

  @Test func nothingThatMayBeReadIsNoPicture() {
    var picture = picture()
    for place in places("gone") + places("shop") { _ = picture.fail(place, .forbidden, at: start) }
    #expect(!picture.isWhole(at: start + .seconds(86_400)))
  }

  @Test func whatWasKnownStaysWhenItCannotBeReadAnyMore() {
    var picture = picture()
    let pods = places("gone")[0]
    picture.take(.listed([pod("a"), pod("b")]), pods)
    picture.take(.changed(pod("c")), pods)
    picture.take(.deleted(pod("a")), pods)
    _ = picture.fail(pods, .forbidden, at: start)
    #expect(picture.view.pods.compactMap { $0[path: "metadata", "uid"]?.string }.sorted() == ["b", "c"])
    #expect(!picture.unread.contains(pods))
    picture.take(.listed([]), pods)
    #expect(picture.view.pods.isEmpty)
    let isNews = picture.fail(pods, .forbidden, at: start)
    #expect(isNews)
  }

  @Test func aDocumentThatCannotBeReadChangesNothing() throws {
    var picture = picture()
    func map(_ text: String) -> DocumentValue {
      .map([
        "metadata": .map(["name": .string(ClusterNames.meshDocument)]),
        "data": .map([ClusterNames.meshDocumentKey: .string(text)]),
      ])
    }
    let document = MeshDocument(trustDomain: "shop.example")
    let changes = [ClusterChange.changed(map(try document.text)), .listed([map(try document.text)])]
    let news = try changes.map { try picture.takeDocument($0) }
    #expect(news == [true, false])
    #expect(throws: (any Error).self) { try picture.takeDocument(.changed(map("{"))) }
    #expect(picture.document == document)
  }
}
