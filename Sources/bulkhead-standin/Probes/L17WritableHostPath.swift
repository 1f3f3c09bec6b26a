import Glibc
import StandinProtocol

/// L17: writing into a folder of the node, such as the one of its static pods.
///
/// Tries: to create `bulkhead-<nonce>` in every folder of the fact `paths` (newline-separated, inside the container)
/// and to write the nonce into it.
/// Success: the file is written. That alone proves that *some* folder is writable; the node side must find the file
/// in its own folder before it believes that the node was reached.
/// Leaves: the files it created, for the node side to find and remove, in every folder that let it.
///
/// With the fact `unnamed`, on a real node, the files get no name: nobody finds them there, and they are gone as soon
/// as the probe is, however it ends. That the folders are the node's is then the word of the pod's volumes.
func probeWritableHostPath(_ order: ProbeOrder) -> ProbeFinding {
  .of(
    order.paths.map {
      order.facts["unnamed"] == nil ? create(in: $0, nonce: order.nonce) : createUnnamed(in: $0, nonce: order.nonce)
    })
}

private func createUnnamed(in folder: String, nonce: String) -> ProbeFinding {
  let temporary: Int32 = 0o20_000_000 | O_DIRECTORY
  let descriptor = open(folder, temporary | O_WRONLY | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else {
    // A file system without such files says nothing about those with a name.
    let cannot: Set<Int32> = [EOPNOTSUPP, EISDIR, EINVAL]
    return cannot.contains(errno)
      ? .inconclusive("create in \(folder)", errno) : .refused("create in \(folder)", errno)
  }
  defer { close(descriptor) }
  guard writeFully(Array(nonce.utf8), to: descriptor) else { return .inconclusive("write in \(folder)", errno) }
  return .escaped("create in \(folder)")
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
