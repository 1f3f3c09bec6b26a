import Diagnostics
import TestSupport
import Testing

@testable import Twin

@Suite struct AddressPlanTests {
  @Test func addressesAreReadStrictly() {
    #expect(IPv4Address("10.244.1.2") == IPv4Address(10, 244, 1, 2))
    for bad in ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "+1.2.3.4", "1..2.3", "1.2.3.4 ", "a.b.c.d"] {
      #expect(IPv4Address(bad) == nil, "\(bad)")
    }
    #expect(IPv4Range(cidr: "10.1.2.3/24").map(\.description) == "10.1.2.0-10.1.2.255")
    #expect(IPv4Range(cidr: "0.0.0.0/0") == .everything)
    #expect(IPv4Range(cidr: "10.0.0.1")?.description == "10.0.0.1")
    for bad in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "::/0"] {
      #expect(IPv4Range(cidr: bad) == nil, "\(bad)")
    }
  }

  @Test func rangesMergeAndSubtract() throws {
    func range(_ low: UInt32, _ high: UInt32) -> IPv4Range {
      IPv4Range(IPv4Address(bits: low), IPv4Address(bits: high))
    }
    #expect(
      [range(5, 6), range(1, 2), range(3, 3), range(9, .max), range(10, 11)].merged == [
        range(1, 3), range(5, 6), range(9, .max),
      ])
    #expect(
      [range(0, .max)].subtracting([range(0, 0), range(7, 8), range(.max, .max)]) == [range(1, 6), range(9, .max - 1)])
    #expect([range(4, 9)].subtracting([range(0, 20)]).isEmpty)
  }

  @Test func aPoolNeverGivesAnAddressTwice() throws {
    var pool = AddressPool("test", IPv4Range(IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 20)))
    var held: [String: IPv4Address] = [:]
    var generator = SplitMix64(7)
    for step in 0..<4000 {
      let key = "k\(generator.next() % 30)"
      if generator.next() % 3 == 0 {
        pool.release(key)
        held[key] = nil
      } else if held[key] != nil || held.count < 20 {
        let address = try pool.allocate(key)
        #expect(held[key] == nil || held[key] == address)
        held[key] = address
      } else {
        #expect(throws: BulkheadError.self) { try pool.allocate(key) }
      }
      #expect(Set(held.values).count == held.count, "step \(step)")
      #expect(pool.inUse == held.count)
    }
  }

  @Test func allocationFollowsSortedNamesAndReusesLate() throws {
    var one = AddressPlan.podPool(node: 2)
    var other = AddressPlan.podPool(node: 2)
    let names = ["cart-1", "ad-1", "web-1"]
    #expect(try one.allocate(all: names) == other.allocate(all: names.reversed()))
    #expect(one.address(of: "ad-1") == IPv4Address(10, 244, 2, 2))
    one.release("ad-1")
    #expect(try one.allocate("ad-2") == IPv4Address(10, 244, 2, 5))
  }

  @Test func aPoolThatIsTooSmallGivesNothing() throws {
    var pool = AddressPool("test", IPv4Range(IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2)))
    let before = pool
    let error = #expect(throws: BulkheadError.self) { try pool.allocate(all: ["a", "b", "c"]) }
    #expect(error?.exit == .configuration && error?.cure.isEmpty == false)
    #expect(pool == before)
  }

  @Test func poolsLieInTheirRangesAndApart() {
    #expect(AddressPlan.serviceRange.contains(AddressPlan.servicePool().range.low))
    #expect(AddressPlan.servicePool().range.high < AddressPlan.canaryServicePool().range.low)
    #expect(!AddressPlan.servicePool().range.contains(AddressPlan.resolver))
    #expect(!AddressPlan.servicePool().range.contains(AddressPlan.apiServer))
  }

  @Test func namesOfNamespacesCannotCarryAnythingElse() throws {
    for bad in ["", "a b", "a;b", "-n", "..", "../x", "a\nb", "A"] {
      #expect(throws: BulkheadError.self, "\(bad)") { try PodNetwork(namespace: bad, address: AddressPlan.outside) }
    }
    let pod = try PodNetwork(namespace: "default.cart-1", address: IPv4Address(10, 244, 250, 254))
    #expect(pod.interface == "pod250-254")
  }
}
