import Diagnostics
import FoundationEssentials
import Glibc

/// One value as a line of JSON with sorted keys, line feed included.
func jsonLine(_ value: some Encodable) throws -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
}

func decode<Value: Decodable>(
  _ type: Value.Type, from bytes: some Sequence<UInt8>, named name: String
) throws -> Value {
  do {
    return try JSONDecoder().decode(type, from: Data(bytes))
  } catch {
    throw BulkheadError(
      .badInput, "\(name) is not what was expected: \(error)".safeForTerminal,
      cure: "Write it with the same version of Bulkhead.")
  }
}

func decode<Value: Decodable>(_ type: Value.Type, fromFile path: String) throws -> Value {
  let bytes: Data
  do {
    bytes = try Data(contentsOf: URL(filePath: path))
  } catch {
    throw BulkheadError(
      .configuration, "cannot read \(path.safeForTerminal)", cure: "Name a file this user can read.", cause: error)
  }
  return try decode(type, from: bytes, named: path)
}
