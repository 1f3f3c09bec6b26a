import AccessControl
import FleetModel
import Testing

@Suite struct SubjectTests {
  @Test func groupsOfEverySubjectCount() {
    var fixture = AccessFixture()
    fixture.role("r1", [rule(["get"], ["configmaps"])])
    fixture.role("r2", [rule(["get"], ["services"])])
    fixture.role("r3", [rule(["get"], ["events"])])
    fixture.bind([group("system:serviceaccounts:shop")], to: "r1")
    fixture.bind([group("system:serviceaccounts")], to: "r2")
    fixture.bind([group("system:authenticated")], to: "r3")
    fixture.account("a", in: "shop")
    fixture.account("a", in: "other")
    let index = fixture.index
    #expect(index.rights(of: account("a")).may("get", "configmaps"))
    #expect(index.rights(of: account("a")).may("get", "services"))
    #expect(index.rights(of: account("a")).may("get", "events"))
    #expect(!index.rights(of: account("a", "other")).may("get", "configmaps"))
    #expect(!index.rights(of: user("eve")).may("get", "services"))
    #expect(index.rights(of: user("eve")).may("get", "events"))
    #expect(!index.rights(of: user("system:anonymous")).may("get", "events"))
    #expect(index.rights(of: group("devs")).may("get", "events"))
    #expect(!index.rights(of: group("system:unauthenticated")).may("get", "events"))
  }

  @Test func mastersMayDoEverything() {
    let rights = AccessFixture().index.rights(of: .masters)
    #expect(rights.everything != nil)
    #expect(rights.may("delete", "nodes"))
    #expect(!rights.grants(allowing: "get", path: "/metrics").isEmpty)
    #expect(rights.isBuiltIn)
  }

  @Test func namesMeanWhatTheAuthorizerTakesThemFor() {
    var fixture = AccessFixture()
    fixture.role("r", in: "shop", [rule(["get"], ["pods"])])
    fixture.bind(
      [Subject(kind: .serviceAccount, name: "home"), user("system:serviceaccount:shop:byname"), user("a:b")],
      to: "r", kind: "Role", in: "shop")
    let subjects = fixture.index.subjects
    #expect(subjects == [account("byname"), account("home"), user("a:b")].sorted())
    fixture.role("c", [rule(["get"], ["pods"])])
    fixture.bind([Subject(kind: .serviceAccount, name: "nobody")], to: "c")
    #expect(fixture.index.subjects == subjects, "a ClusterRoleBinding has no namespace to lend")
  }

  @Test func aSubjectNamedTwiceHoldsARuleOnce() {
    var fixture = AccessFixture()
    fixture.role("r", [rule(["get"], ["pods"])])
    fixture.bind([account("a"), account("a"), user("system:serviceaccount:shop:a")], to: "r")
    #expect(fixture.index.rights(of: account("a")).grants.count == 1)
  }

  @Test(arguments: [
    (Subject(kind: .user, name: "system:kube-controller-manager"), true),
    (Subject(kind: .group, name: "system:nodes"), true),
    (Subject(kind: .group, name: "system:authenticated"), false),
    (Subject(kind: .user, name: "system:anonymous"), false),
    (Subject(kind: .group, name: "system:serviceaccounts:shop"), false),
    (Subject(kind: .user, name: "alice"), false),
    (Subject(kind: .serviceAccount, namespace: "kube-system", name: "coredns"), false),
  ])
  func builtInSubjectsAreKnown(subject: Subject, expected: Bool) {
    #expect(SubjectRights(subject: subject, grants: []).isBuiltIn == expected)
  }

  @Test func aControllersOwnAccountIsBuiltInOnlyWithItsOwnRole() {
    let name = "system:controller:job-controller"
    let subject = account("job-controller", "kube-system")
    var fixture = AccessFixture()
    fixture.bind([subject], to: name, name: name)
    #expect(fixture.index.rights(of: subject).isBuiltIn)
    fixture.bind([subject], to: "cluster-admin", name: "extra")
    #expect(!fixture.index.rights(of: subject).isBuiltIn)
  }
}
