import Testing

@testable import Scanners

struct NameTests {
  @Test(arguments: [
    ("nginx", "docker.io/library/nginx:latest"), ("nginx:1.2", "docker.io/library/nginx:1.2"),
    ("docker.io/nginx", "docker.io/library/nginx:latest"),
    ("index.docker.io/library/nginx", "docker.io/library/nginx:latest"),
    ("a/b", "docker.io/a/b:latest"), ("localhost/b:1", "localhost/b:1"),
    ("localhost:5000/b", "localhost:5000/b:latest"),
    ("Registry.Example.com/a/b:V1", "registry.example.com/a/b:V1"), ("gcr.io/p/a:v1", "gcr.io/p/a:v1"),
  ])
  func imagesAreNormalised(_ text: String, _ wanted: String) { #expect(ImageReference(text)?.description == wanted) }

  @Test func digests() {
    let digest = "sha256:" + String(repeating: "Ab", count: 32)
    let image = ImageReference("nginx:1@\(digest)")
    #expect(image?.digest == digest.lowercased() && image?.tag == "1")
    #expect(ImageReference("nginx@\(digest)")?.tag == nil)
  }

  @Test(arguments: [
    "", "a b", "a@sha256:xyz", "a:", "https://a/b", "a/", "/a", "é", "gcr.io/", "a\u{202E}b", ":1", "@",
  ])
  func noImages(_ text: String) { #expect(ImageReference(text) == nil) }

  @Test(arguments: [
    ("pkg:deb/debian/openssl", "pkg:deb/debian/openssl@1.1?arch=amd64", true),
    ("pkg:deb/debian/openssl@1.1", "pkg:deb/debian/openssl@1.1?arch=amd64", true),
    ("pkg:deb/debian/openssl@1.2", "pkg:deb/debian/openssl@1.1?arch=amd64", false),
    ("pkg:deb/debian/openssl?arch=arm64", "pkg:deb/debian/openssl@1.1?arch=amd64", false),
    ("pkg:deb/ubuntu/openssl", "pkg:deb/debian/openssl@1.1", false),
    ("pkg:npm/%40angular/core@1.0.0", "pkg:npm/@angular/core@1.0.0", true),
    ("pkg:golang/github.com/a/b@v1#sub", "pkg:golang/github.com/a/b@v1", true), ("pkg:deb/a", "pkg:rpm/a", false),
    ("PKG:DEB/debian/a", "pkg:deb/debian/a@1", true),
  ])
  func packageURLs(_ statement: String, _ package: String, _ wanted: Bool) throws {
    #expect(try #require(PackageURL(statement)).covers(try #require(PackageURL(package))) == wanted)
  }

  @Test(arguments: ["", "deb/a/b", "pkg:", "pkg:deb", "http://a"])
  func noPackageURLs(_ text: String) { #expect(PackageURL(text) == nil) }
}
