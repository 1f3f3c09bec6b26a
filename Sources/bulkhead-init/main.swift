// The launcher of Bulkhead's worlds, in two roles:
//   bulkhead-init watch …   makes a world, keeps it while its standard input is open, and removes it
//   bulkhead-init enter …   runs one command inside a world
// It has a single thread and no Foundation: it forks, and code between fork and exec must not meet locks.
import Glibc

var arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.isEmpty ? "" : arguments.removeFirst() {
case "watch": Watcher(WatchOptions(arguments)).run()
case "enter": Entrance(EnterOptions(arguments)).run()
default:
  complain("usage: bulkhead-init watch|enter …; it is started by bulkhead")
  exit(64)
}
