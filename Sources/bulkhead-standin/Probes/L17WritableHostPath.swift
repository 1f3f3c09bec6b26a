import Glibc
import StandinProtocol

/// L17: writing into a folder of the node, such as the one of its static pods.
///
/// Tries: to create `bulkhead-<nonce>` in every folder of the fact `paths` (newline-separated, inside the container)
/// and to write the nonce into it.
/// Success: the file is written. That alone proves that *some* folder is writable; the node side must find the file
/// in its own folder before it believes that the node was reached.
/// Leaves: the files it created, for the node side to find and remove, in every folder that let it.
func probeWritableHostPath(_ order: ProbeOrder) -> ProbeFinding {
  .of(order.paths.map { create(in: $0, nonce: order.nonce) })
}

private func create(in folder: String, nonce: String) -> ProbeFinding {
  let path = folder + "/bulkhead-" + nonce
  let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else {
    // A file of that name is left over from an earlier try: nothing can be said about this one.
    return errno == EEXIST ? .inconclusive("create \(path)", EEXIST) : .refused("create \(path)", errno)
  }
  defer { close(descriptor) }
  guard writeFully(Array(nonce.utf8), to: descriptor) else { return .inconclusive("write \(path)", errno) }
  return .escaped("create \(path)")
}
