import FleetModel
import KubernetesAPI
import Testing

@testable import KubernetesTarget

@Suite("What a discovery server knows of its namespaces")
struct ClusterPictureTests {
  private func picture() -> ClusterPicture {
    ClusterPicture(MeshDocument(trustDomain: "cluster.local"), of: ["gone", "shop"])
  }

  private func places(_ namespace: String) -> [ClusterPicture.Place] { ClusterPicture.places(in: [namespace]) }

  private func pod(_ uid: String) -> DocumentValue { .map(["metadata": .map(["uid": .string(uid)])]) }

  @Test func isWholeOnceAllWasListed() {
    var picture = picture()
    for place in places("gone") + places("shop") {
      #expect(!picture.isWhole)
      picture.take(.listed([]), place)
    }
    #expect(picture.isWhole)
  }

  /// Sidecars have what they were told last; a picture without it would take it from them.
  @Test(arguments: [APIFailure.Kind.forbidden, .unreachable, .interrupted, .server, .unauthenticated, .malformed])
  func whatCannotBeReadIsWaitedFor(_ kind: APIFailure.Kind) {
    var picture = picture()
    for place in places("shop") { picture.take(.listed([]), place) }
    for place in places("gone") {
      let news = (1...2).map { _ in picture.fail(place, kind) }
      #expect(news == [true, false])
    }
    #expect(!picture.isWhole)
  }

  @Test func whatWentWithItsNamespaceIsNotWaitedFor() {
    var picture = picture()
    for place in places("shop") { picture.take(.listed([pod("a")]), place) }
    for place in places("gone") {
      let news = (1...2).map { _ in picture.lose(place) }
      #expect(news == [true, false])
    }
    #expect(picture.isWhole)
    _ = picture.lose(places("shop")[0])
    #expect(picture.view.pods.isEmpty && picture.view.services.count == 1)
  }

  @Test func whatWasKnownStaysWhenItCannotBeReadAnyMore() {
    var picture = picture()
    let pods = places("gone")[0]
    picture.take(.listed([pod("a"), pod("b")]), pods)
    picture.take(.changed(pod("c")), pods)
    picture.take(.deleted(pod("a")), pods)
    _ = picture.fail(pods, .forbidden)
    #expect(picture.view.pods.compactMap { $0[path: "metadata", "uid"]?.string }.sorted() == ["b", "c"])
    picture.take(.listed([]), pods)
    #expect(picture.view.pods.isEmpty)
    let isNews = picture.fail(pods, .forbidden)
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
