import Testing

@testable import Twin

/// What became of one attempt: the server's answer, a refusal, or nothing at all.
enum Outcome: Equatable {
  case answer(String)
  case refused
  case silence

  var name: String? { if case .answer(let text) = self { String(text.prefix { $0 != " " }) } else { nil } }
  var seenFrom: String? {
    if case .answer(let text) = self { text.split(separator: " ").dropFirst().first.map(String.init) } else { nil }
  }
  /// For captured connections: where the caller wanted to go.
  var meant: String? {
    if case .answer(let text) = self { text.split(separator: " ").dropFirst(2).first.map(String.init) } else { nil }
  }
}

struct Attempt: Hashable {
  var address: String
  var port: Int
  var transport = "tcp"

  init(_ address: IPv4Address, _ port: Int, _ transport: String = "tcp") {
    self.address = address.description
    self.port = port
    self.transport = transport
  }
}

extension Place {
  /// Starts a server on all addresses of this place that answers every connection and datagram on the ports with
  /// `NAME CALLER MEANT`. Returns when it listens. Datagrams are taken on `address`, so that answers come from there.
  func serve(_ name: String, tcp: [Int], udp: [Int] = [], address: IPv4Address = IPv4Address(0, 0, 0, 0)) async throws {
    _ = try await perl(
      serverProgram, [name] + tcp.map { "tcp:\($0):0.0.0.0" } + udp.map { "udp:\($0):\(address)" })
  }

  /// Makes all attempts at once and waits until `answers` of them are decided (a refusal counts), then a moment more
  /// for any that should have stayed silent.
  func attempt(_ attempts: [Attempt], answers: Int, group: Int? = nil) async throws -> [Outcome] {
    let input = attempts.map { "\($0.transport) \($0.address) \($0.port)\n" }.joined()
    let lines = try await perl(clientProgram, ["\(answers)"], input: input, group: group).split(separator: "\n")
    try #require(lines.count == attempts.count)
    return lines.map { line in
      if line == "refused" { return .refused }
      return line.hasPrefix("answer ") ? .answer(String(line.dropFirst(7))) : .silence
    }
  }

  func attempt(
    _ address: IPv4Address, _ port: Int, _ transport: String = "tcp", expectSilence: Bool = false,
    group: Int? = nil
  ) async throws -> Outcome {
    try await attempt([Attempt(address, port, transport)], answers: expectSilence ? 0 : 1, group: group)[0]
  }
}

/// Ends by itself after three minutes, should the test be killed.
private let serverProgram = #"""
  use Socket; use IO::Select;
  my $name = shift; my %kind; my $select = IO::Select->new;
  for (@ARGV) {
    my ($proto, $port, $own) = split /:/;
    socket(my $s, PF_INET, $proto eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM, 0) or die $!;
    setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
    bind($s, sockaddr_in($port, inet_aton($own))) or die "bind $_: $!";
    if ($proto eq 'tcp') { listen($s, 128) or die $! }
    $kind{fileno $s} = $proto; $select->add($s);
  }
  exit 0 if fork;
  open STDIN, '<', '/dev/null'; open STDOUT, '>', '/dev/null'; open STDERR, '>', '/dev/null';
  alarm 180;
  $SIG{PIPE} = 'IGNORE';
  while (1) {
    for my $s ($select->can_read) {
      if ($kind{fileno $s} eq 'udp') {
        my $from = recv($s, my $data, 1500, 0) or next;
        send($s, "$name " . inet_ntoa((sockaddr_in $from)[1]) . " -", 0, $from);
        next;
      }
      my $from = accept(my $c, $s) or next;
      my $meant = substr getsockopt($c, 0, 80) // "", 0, 16;
      my $to = $meant ? join ':', inet_ntoa((sockaddr_in $meant)[1]), (sockaddr_in $meant)[0] : '-';
      syswrite $c, "$name " . inet_ntoa((sockaddr_in $from)[1]) . " $to\n";
      close $c;
    }
  }
  """#

private let clientProgram = #"""
  use Socket; use IO::Select; use Fcntl; use Time::HiRes 'time';
  my $want = shift; my (@result, %index, %proto, $done);
  my ($reading, $writing) = (IO::Select->new, IO::Select->new);
  sub decide { my ($s, $r) = @_; $result[$index{fileno $s}] = $r; $done++; $reading->remove($s); $writing->remove($s) }
  my $n = 0; my @keep;
  while (<STDIN>) {
    my ($proto, $host, $port) = split;
    socket(my $s, PF_INET, $proto eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM, 0) or die $!;
    fcntl($s, F_SETFL, O_NONBLOCK); push @keep, $s;
    $index{fileno $s} = $n; $proto{fileno $s} = $proto; $result[$n++] = 'silence';
    my $started = connect($s, sockaddr_in($port, inet_aton($host)));
    if (!$started && !$!{EINPROGRESS}) { decide($s, $!{ECONNREFUSED} ? 'refused' : "error $!"); next }
    if ($proto eq 'udp') { syswrite $s, "hello" }
    $reading->add($s);
  }
  my $limit = time + 20; my $settled;
  while (time < $limit && ($reading->count)) {
    if ($done >= $want && !$settled) { $settled = 1; $limit = time + 0.3 }
    for my $s ($reading->can_read(0.05)) {
      my $got = sysread $s, my $data, 500;
      if ($got) { chomp $data; decide($s, "answer $data") } else { decide($s, 'refused') }
    }
  }
  print "$_\n" for @result;
  """#
