import Diagnostics
import FoundationEssentials
import Testing

@testable import Twin

@Suite struct ResolverTests {
  let names = Resolver(services: [
    ServiceName(
      name: "cart", namespace: "shop", address: IPv4Address(10, 96, 0, 20),
      canaryAddress: IPv4Address(10, 96, 128, 20)),
    ServiceName(
      name: "db", namespace: "data", address: nil,
      pods: [
        .init(address: IPv4Address(10, 244, 2, 3), hostname: "db-1"),
        .init(address: IPv4Address(10, 244, 1, 2), hostname: "db-0"),
      ]),
  ])

  @Test func theHostsFileIsSortedAndComplete() throws {
    #expect(
      try names.hosts() == """
        10.96.128.20 cart.shop.canary.cluster.local
        10.96.0.20 cart.shop.svc.cluster.local
        10.244.1.2 db-0.db.data.svc.cluster.local
        10.244.2.3 db-1.db.data.svc.cluster.local
        10.244.1.2 db.data.svc.cluster.local
        10.244.2.3 db.data.svc.cluster.local

        """)
  }

  @Test(arguments: ["a\n10.0.0.1 b", "a b", "", "a.b.", "UPPER", "#"])
  func aNameThatIsNoNameIsRefused(_ name: String) {
    let bad = Resolver(services: [ServiceName(name: name, namespace: "x", address: AddressPlan.outside)])
    #expect(throws: BulkheadError.self) { try bad.hosts() }
  }

  @Test func podsFindServicesByEveryFormOfTheirNames() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bh-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (hosts, configuration) = (folder.appending(path: "hosts").path, folder.appending(path: "resolv.conf").path)
    try names.hosts().write(toFile: hosts, atomically: true, encoding: .utf8)
    try Resolver.resolvConf(namespace: "shop").write(toFile: configuration, atomically: true, encoding: .utf8)

    try await TestNetwork.with(nodes: 1, pods: ["client": 1]) { network in
      let command = Resolver.command(hostsFile: hosts).map { "'\($0)'" }.joined(separator: " ")
      let node = network.node(1)
      // In a user namespace in which the process is root and there is no other user to become.
      try question.write(toFile: folder.path + "/ask", atomically: true, encoding: .utf8)
      let rootless = try await node.shell(
        """
        exec unshare --user --map-root-user --net sh -c '
        ip link set lo up && ip addr add \(AddressPlan.resolver)/32 dev lo || exit 1
        \(command.replacing("'", with: "")) >\(folder.path)/rootless.log 2>&1 &
        server=$!
        perl \(folder.path)/ask cart.shop.svc.cluster.local 1 \(AddressPlan.resolver)
        status=$?
        kill $server
        exit $status'

        """)
      #expect(rootless == "0 10.96.0.20/0")

      let server = try await node.shell("\(command) >\(folder.path)/log 2>&1 & echo $!")
      let client = try network.pod("client")
      for (name, type, answer) in [
        ("cart.shop.svc.cluster.local", "A", "0 10.96.0.20/0"), ("cart.shop.svc.cluster.local", "AAAA", "0"),
        ("db.data.svc.cluster.local", "A", "0 10.244.1.2/0 10.244.2.3/0"),
        ("db-1.db.data.svc.cluster.local", "A", "0 10.244.2.3/0"),
        ("nothing.shop.svc.cluster.local", "A", "3"), ("nothing.shop.svc.cluster.local", "AAAA", "3"),
        ("example.com", "A", "3"), ("cart", "A", "3"), ("example.com", "AAAA", "3"),
      ] {
        #expect(try await client.ask(name, type) == answer, "\(name) \(type)")
      }
      let forms = ["cart", "cart.shop", "cart.shop.svc", "cart.shop.svc.cluster.local", "cart.shop.svc.cluster.local."]
      for (name, address) in forms.map({ ($0, "10.96.0.20") }) + [
        ("cart.shop.canary", "10.96.128.20"), ("db-0.db.data", "10.244.1.2"),
      ] {
        let found = try await client.shell(
          "unshare -m sh -c 'mount --bind \(configuration) /etc/resolv.conf && getent ahostsv4 \(name)'")
        #expect(found.hasPrefix(address), "\(name)")
      }

      let later = Resolver(services: [ServiceName(name: "new", namespace: "shop", address: AddressPlan.outside)])
      try later.hosts().write(toFile: hosts, atomically: true, encoding: .utf8)
      try await shell("kill -HUP \(server)")
      while try await client.ask("new.shop.svc.cluster.local", "A") != "0 198.51.100.10/0" {
        try Task.checkCancellation()
      }
      #expect(try await client.ask("cart.shop.svc.cluster.local", "A") == "3")
    }
  }
}

extension Place {
  /// `RCODE ADDRESS/TTL …` of one question to the resolver, asked again until there is an answer.
  func ask(_ name: String, _ type: String) async throws -> String {
    try await perl(question, [name, type == "A" ? "1" : "28", AddressPlan.resolver.description])
  }
}

private let question = #"""
  use Socket; my ($name, $type, $server) = @ARGV;
  my $packet = pack('n6', 7, 0x0100, 1, 0, 0, 0) . pack('(C/a)*', split /\./, $name) . pack('Cnn', 0, $type, 1);
  my $end = time + 30;
  while (time < $end) {
    socket(my $s, PF_INET, SOCK_DGRAM, 0) or die $!;
    setsockopt($s, SOL_SOCKET, SO_RCVTIMEO, pack('l!l!', 0, 200000));
    connect($s, sockaddr_in(53, inet_aton($server))) or do { select undef, undef, undef, 0.02; next };
    syswrite $s, $packet;
    my $got = sysread $s, my $answer, 1500;
    if (!$got) { select undef, undef, undef, 0.02; next }
    my ($flags, $count) = (unpack 'n4', $answer)[1, 3];
    my ($at, @found) = (length $packet);
    for (1 .. $count) {
      my ($ttl, $length) = unpack 'x2 x2 x2 N n', substr $answer, $at;
      push @found, inet_ntoa(substr $answer, $at + 12, 4) . "/$ttl"; $at += 12 + $length;
    }
    print join ' ', $flags & 15, sort @found; exit 0;
  }
  exit 1;
  """#
