import Diagnostics
import FleetModel
import Testing

@testable import Twin

@Suite struct BundleMountTests {
  private func pod(_ source: Volume.Source, _ mount: VolumeMount) -> PodSpec {
    plainPod { pod in
      pod.volumes = [Volume(name: "v", source: source)]
      pod.containers[0].mounts = [mount]
    }
  }

  @Test func parentsComeBeforeChildren() throws {
    let bundle = try bundle(
      pod(.emptyDir(memory: true, sizeLimitBytes: 8192), VolumeMount(volume: "v", path: "/tmp/cache")))
    let destinations = bundle.spec.mounts.map(\.destination)
    for (index, path) in destinations.enumerated() {
      for later in destinations[index...].dropFirst() {
        #expect(!path.hasPrefix(later + "/"), "\(path) would be hidden by \(later)")
      }
    }
    #expect(Set(destinations).count == destinations.count)
  }

  @Test func emptyDirIsAFolderOfThePodAndKeepsItsGroup() throws {
    var pod = pod(.emptyDir(memory: false, sizeLimitBytes: nil), VolumeMount(volume: "v", path: "/data"))
    pod.securityContext.fsGroup = 2000
    let bundle = try bundle(pod)
    #expect(bundle.mount("/data")?.source == "/run/bulkhead/pods/shop/volumes/v")
    #expect(bundle.entry("pods/shop/volumes/v")?.mode == 0o2777)
    #expect(bundle.entry("pods/shop/volumes/v")?.gid == 2000)
    #expect(bundle.spec.process.user.additionalGids == [2000])
  }

  @Test func aLimitedEmptyDirOfOneContainerIsATmpfsOfThatSize() throws {
    let bundle = try bundle(
      pod(.emptyDir(memory: true, sizeLimitBytes: 1 << 20), VolumeMount(volume: "v", path: "/data")))
    #expect(bundle.mount("/data")?.type == "tmpfs")
    #expect(bundle.mount("/data")?.options.contains("size=1048576") == true)
    #expect(bundle.entry("pods/shop/shop-app/root/data")?.mode == 0o777)
  }

  @Test func aLimitedEmptyDirOfTwoContainersIsSharedAndSaysSo() throws {
    var pod = pod(.emptyDir(memory: true, sizeLimitBytes: 1 << 20), VolumeMount(volume: "v", path: "/data"))
    pod.containers.append(pod.containers[0])
    let bundle = try bundle(pod)
    #expect(bundle.mount("/data")?.type == "bind")
    #expect(bundle.assumptions.contains { $0.contains("emptyDir v") })
  }

  @Test(arguments: [
    ("", NodePath.Kind.directory, true), ("DirectoryOrCreate", .directory, true), ("Directory", .directory, false),
    ("FileOrCreate", .file, true), ("File", .file, false), ("Socket", .socket, false),
    ("CharDevice", .characterDevice, false), ("BlockDevice", .blockDevice, false),
  ])
  func hostPathTypes(type: String, kind: NodePath.Kind, created: Bool) throws {
    let bundle = try bundle(
      pod(.hostPath(path: "/var//log/", type: type), VolumeMount(volume: "v", path: "/logs", readOnly: true)))
    #expect(bundle.mount("/logs")?.source == "/run/bulkhead/nodes/node-1/var/log")
    #expect(bundle.mount("/logs")?.options == ["rbind", "rprivate", "ro"])
    #expect(bundle.nodePaths == [NodePath(node: "node-1", path: "/var/log", kind: kind, created: created)])
  }

  @Test func theWholeNode() throws {
    let bundle = try bundle(
      pod(.hostPath(path: "/", type: ""), VolumeMount(volume: "v", path: "/host", propagation: "HostToContainer")))
    #expect(bundle.mount("/host")?.source == "/run/bulkhead/nodes/node-1")
    #expect(bundle.mount("/host")?.options == ["rbind", "rslave", "rw"])
    #expect(bundle.spec.linux.rootfsPropagation == "rslave")
  }

  @Test func configMapsAreReadOnlyFilesAndOneKeyCanBeMounted() throws {
    var pod = pod(.configMap("settings"), VolumeMount(volume: "v", path: "/etc/settings"))
    pod.containers[0].mounts.append(VolumeMount(volume: "v", path: "/etc/app.conf", subPath: "app.conf"))
    let bundle = try bundle(pod) { $0.configMaps = ["settings": ["app.conf": "a=1", "../evil": "x"]] }
    #expect(bundle.text("pods/shop/volumes/v/app.conf") == "a=1")
    #expect(bundle.mount("/etc/settings")?.options.contains("ro") == true)
    #expect(bundle.mount("/etc/app.conf")?.source == "/run/bulkhead/pods/shop/volumes/v/app.conf")
    #expect(!bundle.entries.contains { $0.path.contains("evil") })
    #expect(bundle.assumptions.allSatisfy { !$0.contains("ConfigMap") })
  }

  @Test func whatIsNotKnownIsPlayedEmptyAndSaid() throws {
    for source in [Volume.Source.secret("key"), .claim("disk"), .configMap("absent"), .other("nfs")] {
      let bundle = try bundle(pod(source, VolumeMount(volume: "v", path: "/v")))
      #expect(bundle.mount("/v") != nil)
      #expect(bundle.assumptions.contains { $0.hasPrefix("pod: ") }, "\(source)")
    }
  }

  /// The machine's /usr/share stays out, so that an image's web root can be mounted; its /usr/lib cannot.
  @Test func mountsIntoTheMachinesFoldersGetTheirPointsByOverlay() throws {
    let free = try bundle(
      pod(.configMap("c"), VolumeMount(volume: "v", path: "/usr/share/nginx/html")))
    #expect(free.mount("/usr/lib")?.type == "bind")
    let taken = try bundle(
      pod(.hostPath(path: "/lib/modules", type: ""), VolumeMount(volume: "v", path: "/lib/modules", readOnly: true)))
    #expect(taken.mount("/usr/lib")?.type == "overlay")
    #expect(taken.entry("pods/shop/shop-app/over-lib/modules")?.kind == .directory)
    let hidden = try bundle(pod(.hostPath(path: "/usr", type: ""), VolumeMount(volume: "v", path: "/usr")))
    #expect(hidden.mount("/usr") == nil)
    #expect(hidden.assumptions.contains { $0.contains("/usr") })
  }

  @Test func aManifestsOwnHostsFileReplacesOurs() throws {
    let bundle = try bundle(
      pod(.configMap("c"), VolumeMount(volume: "v", path: "/etc/hosts", subPath: "hosts"))
    ) { $0.configMaps = ["c": ["hosts": "own"]] }
    #expect(bundle.mount("/etc/hosts")?.source == "/run/bulkhead/pods/shop/volumes/v/hosts")
  }

  @Test(arguments: [
    VolumeMount(volume: "none", path: "/v"), VolumeMount(volume: "v", path: "/"),
    VolumeMount(volume: "v", path: "relative"), VolumeMount(volume: "v", path: "/a/../../etc"),
    VolumeMount(volume: "v", path: "/v", subPath: "../../out"), VolumeMount(volume: "v", path: "/v", subPath: "/abs"),
  ])
  func wrongMountsAreRefusedWithTheirPlace(_ mount: VolumeMount) {
    let error = #expect(throws: BulkheadError.self) {
      try bundle(pod(.emptyDir(memory: false, sizeLimitBytes: nil), mount))
    }
    #expect(error?.exit == .badInput && error?.location?.line == 3)
  }

  @Test func hostPathsCannotClimbOutOfTheirNode() {
    #expect(throws: BulkheadError.self) {
      try bundle(pod(.hostPath(path: "/a/../../..", type: ""), VolumeMount(volume: "v", path: "/v")))
    }
  }

  @Test(
    arguments: [
      (nil, nil, true), (nil, false, false), (true, false, true), (false, true, false), (false, nil, false),
    ] as [(Bool?, Bool?, Bool)])
  func theTokensSwitchOfThePodWinsOverTheAccounts(pod podSays: Bool?, account: Bool?, mounted: Bool) throws {
    let bundle = try bundle(plainPod { $0.automountServiceAccountToken = podSays }) {
      $0.accountMountsToken = account
      $0.token = ServiceAccountToken(token: "t", namespace: "shop", authority: "ca")
    }
    #expect((bundle.mount("/var/run/secrets/kubernetes.io/serviceaccount") != nil) == mounted)
    #expect((bundle.text("pods/shop/shop-app/serviceaccount/token") == "t") == mounted)
  }

  @Test(
    arguments: [(nil, nil, 0o644, 0, 0), (1000, nil, 0o600, 1000, 0), (1000, 2000, 0o640, 0, 2000)]
      as [(Int?, Int?, Int, Int, Int)])
  func theTokenIsReadableForWhoNeedsIt(user: Int?, fsGroup: Int?, mode: Int, uid: Int, gid: Int) throws {
    let bundle = try bundle(
      plainPod {
        $0.automountServiceAccountToken = nil
        $0.securityContext.runAsUser = user
        $0.securityContext.fsGroup = fsGroup
      }
    ) { $0.token = ServiceAccountToken(token: "t", namespace: "shop", authority: "ca") }
    let token = try #require(bundle.entry("pods/shop/shop-app/serviceaccount/token"))
    #expect(token.mode == mode && token.uid == uid && token.gid == gid)
  }
}
