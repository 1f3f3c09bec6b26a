import Foundation
import Rollout
import Testing

extension RehearsalTests {
  /// A sound fleet goes through, and what is written about it is what really happened.
  @Suite("of a sound fleet", .serialized)
  struct Promoted {
    @Test("end promoted and leave nothing")
    func promoted() async throws {
      let run = try await UndisturbedRun.shared
      #expect(run.ending.code == 0, "\(run.ending.messages)")
      #expect(run.ending.output.isEmpty, "data alone goes to standard output, and there is none")
      #expect(run.ending.left == [])
      #expect(run.history.result == .promoted)
      #expect(run.history.waves.map(\.result) == run.history.waves.map { _ in .promoted })
      #expect(run.history.effects.values.allSatisfy { $0 == 1 })
      #expect(run.history.epochs == 1)
    }

    @Test("keep the contract of run.json")
    func contract() async throws {
      let run = try await UndisturbedRun.shared
      #expect(run.json.hasPrefix("{\n  \"schema\" : \"bulkhead.run/1\","), "the schema comes first")
      let document = try JSONDecoder().decode(RunContract.self, from: Data(run.json.utf8))
      #expect(document.result == "promoted")
      #expect(document.planted == nil)
      #expect(document.waves.map(\.result) == run.history.waves.map { _ in "promoted" })
      #expect(document.waves.map(\.steps) == run.history.waves.map { $0.steps.map(\.id) })
      #expect(Set(document.waves.flatMap(\.workloads)) == Set(SmallFleet.workloads))
      for wave in document.waves {
        #expect(wave.canary.map(\.percent) == [5, 25, 50, 100], "\(wave.name)")
        #expect(wave.canary.allSatisfy { $0.verdict == "pass" }, "\(wave.name)")
        #expect(wave.reason == nil)
        for judged in wave.canary.flatMap(\.workloads) {
          #expect(judged.latency.map(\.percentile) == [50, 90, 99, 99.9], "\(wave.name): \(judged.workload)")
          #expect(judged.latency.allSatisfy { $0.budget >= 5 }, "what a sidecar may cost is written down")
        }
      }
      #expect(document.weaknesses.allSatisfy { !$0.remediation.isEmpty && !$0.evidence.isEmpty })
      #expect(document.timings.totalSeconds > 0)
    }

    @Test("prove every fault and every control")
    func trials() async throws {
      let document = try await document()
      let names = ["plaintextRefused", "wrongIdentityRefused", "unlistedCallerRefused", "egressRefused"]
      for wave in document.waves {
        #expect((3...4).contains(wave.trials.count), "\(wave.name): a pod killed, a call delayed, a pod cut off")
        for trial in wave.trials {
          #expect(trial.injectionVerified, "\(wave.name): \(trial.faults)")
          #expect(trial.result == "pass", "\(wave.name): \(trial.faults)")
          #expect(trial.controls.count == 5)
          for control in trial.controls where control.applies {
            #expect(control.result == "pass", "\(wave.name): \(trial.faults): \(control.name)")
            #expect(control.positiveControl == "caught", "\(wave.name): \(trial.faults): \(control.name)")
          }
        }
      }
      let faults = document.waves.flatMap(\.trials).flatMap(\.faults)
      for words in ["times the requests", "of its CPU use", "into a memory limit"] {
        #expect(faults.contains { $0.contains(words) }, "the plan as a whole tries every kind: \(faults)")
      }
      let last = try #require(document.waves.last).trials.flatMap(\.controls)
      #expect(last.allSatisfy { $0.applies }, "in the last wave all policies are in force")
      #expect(Set(names).isSubset(of: last.map(\.name)), "\(Set(last.map(\.name)))")
      let first = try #require(document.waves.first).trials.flatMap(\.controls)
      #expect(!first.allSatisfy { $0.applies }, "before its policy is in force a control says nothing")
    }

    @Test("close the ways out that were open")
    func probes() async throws {
      let document = try await document()
      let vectors: Set = ["L03", "L17", "L18", "L20", "L23", "L25", "K08", "K14"]
      for wave in document.waves {
        let weakened = wave.probes.filter { $0.phase == "weakened" }
        #expect(Set(weakened.map(\.vector)) == vectors, "\(wave.name)")
        #expect(weakened.allSatisfy { $0.result == "escaped" }, "a probe that cannot see an open way proves nothing")
        for phase in ["before", "after"] {
          let seen = wave.probes.filter { $0.phase == phase }
          #expect(Set(seen.map { "\($0.vector) \($0.workload)" }).count == vectors.count * wave.workloads.count)
          #expect(!seen.contains { $0.result == "inconclusive" }, "\(wave.name) \(phase)")
        }
        #expect(wave.waysOutAfter <= wave.waysOutBefore, "\(wave.name)")
      }
      let hardening = try #require(
        document.waves.first { wave in
          wave.steps.contains { $0.hasSuffix("\(SmallFleet.reporting)/harden") }
        })
      let open = hardening.probes.filter {
        $0.phase == "before" && $0.workload == SmallFleet.reporting && $0.result == "escaped"
      }
      #expect(open.map(\.vector).sorted() == SmallFleet.waysOutOfReporting)
      #expect(hardening.waysOutAfter < hardening.waysOutBefore)
      let closed = hardening.probes.filter {
        $0.phase == "after" && $0.workload == SmallFleet.reporting && $0.vector != "K14"
      }
      #expect(closed.allSatisfy { $0.result == "contained" }, "hardening closes all but the network's way")
      let last = try #require(document.waves.last).probes.filter { $0.phase == "after" }
      #expect(last.allSatisfy { $0.result == "contained" }, "isolation closes the rest")
    }

    @Test("write a page that needs no network and runs nothing")
    func page() async throws {
      let page = try await UndisturbedRun.shared.page
      #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
      var elements: Set<String> = []
      // Quotes and angle brackets of texts are escaped, so what looks like a tag is one.
      for tag in page.matches(of: /<([a-zA-Z]+)([^>]*)>/) {
        elements.insert(tag.output.1.lowercased())
        for attribute in tag.output.2.matches(of: /([a-zA-Z:\-]+)="([^"]*)"/) {
          let (name, value) = (attribute.output.1.lowercased(), attribute.output.2)
          #expect(!["src", "srcset", "action", "formaction", "data", "background", "xlink:href"].contains(name))
          #expect(!name.hasPrefix("on"), "\(tag.output.0)")
          if name == "href" { #expect(value.hasPrefix("#"), "\(tag.output.0)") }
          if name == "style" { #expect(!value.contains("url("), "\(tag.output.0)") }
        }
      }
      #expect(
        elements.isDisjoint(with: ["script", "link", "iframe", "object", "embed", "img", "image", "form", "base"]))
      let style = try #require(page.firstMatch(of: /<style>([^<]*)<\/style>/)).output.1
      #expect(!style.contains("url(") && !style.contains("@import"))
      let hasPolicy = page.contains("default-src 'none'")
      #expect(hasPolicy, "the page forbids itself to load anything")
      // The hostile document is spoken of, so what it says went through the page's escaping.
      let speaksOfIt = page.contains("&lt;script&gt;alert") && page.contains("&quot;&gt;&lt;img src=x")
      #expect(speaksOfIt)
      let missing = ["gateway", "catalogue", "reporting", "store"].filter { !page.contains($0) }
      #expect(missing == [])
    }

    private func document() async throws -> RunContract {
      try JSONDecoder().decode(RunContract.self, from: Data(try await UndisturbedRun.shared.json.utf8))
    }
  }
}
