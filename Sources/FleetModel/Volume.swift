package struct VolumeMount: Sendable, Equatable {
  package var volume: String
  package var path: String
  package var readOnly: Bool
  package var subPath: String?
  /// `None`, `HostToContainer` or `Bidirectional`.
  package var propagation: String?

  package init(volume: String, path: String, readOnly: Bool = false, subPath: String? = nil, propagation: String? = nil)
  {
    self.volume = volume
    self.path = path
    self.readOnly = readOnly
    self.subPath = subPath
    self.propagation = propagation
  }
}

package struct Volume: Sendable, Equatable {
  package enum Source: Sendable, Equatable {
    case emptyDir(memory: Bool, sizeLimitBytes: Int?)
    case hostPath(path: String, type: String)
    case configMap(String)
    case secret(String)
    case projected(Projection)
    case claim(String)
    case downwardAPI
    case csi(driver: String, readOnly: Bool)
    /// A claim made for the pod alone.
    case ephemeral
    case gitRepo(repository: String)
    /// A kind that no engine reads yet, by its key.
    case other(String)
  }
  package var name: String
  package var source: Source
  /// The key of each source written, in the order written: Pod Security judges them all.
  package var sourceKeys: [String] = []

  package init(name: String, source: Source) {
    self.name = name
    self.source = source
  }
}

/// What a projected volume brings together.
package struct Projection: Sendable, Equatable {
  package struct Token: Sendable, Equatable {
    /// Empty means the API server.
    package var audience: String
    package var expirationSeconds: Int
    package var path: String

    package init(audience: String, expirationSeconds: Int, path: String) {
      self.audience = audience
      self.expirationSeconds = expirationSeconds
      self.path = path
    }
  }
  package var tokens: [Token] = []
  package var configMaps: [String] = []
  package var secrets: [String] = []

  package init() {}
}

/// A raw block device of a claim inside a container.
package struct VolumeDevice: Sendable, Equatable {
  package var volume: String
  package var path: String

  package init(volume: String, path: String) {
    self.volume = volume
    self.path = path
  }
}
