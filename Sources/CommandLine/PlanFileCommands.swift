import ArgumentParser
import Composition
import Diagnostics
import Glibc
import Intake
import Planning

/// `bulkhead plan show`: a plan file for people.
struct PlanShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a plan file: time line, exposure curve, steps.",
    discussion: """
      Reading it checks every rule that can be checked without the fleet; `plan verify -f` checks the others too.

      EXAMPLES
        bulkhead plan show plan.yaml
        bulkhead plan show plan.yaml --svg plan.svg
        git show HEAD~1:plan.yaml | bulkhead plan show -

      EXIT CODES
        0 shown · 64 usage · 65 no plan, or one that breaks a rule (rule and line are named)
      """)

  @Argument(help: ArgumentHelp("The plan.", valueName: "file|-"))
  var file: String
  @Option(name: .long, help: ArgumentHelp("Also write a drawing.", valueName: "file"))
  var svg: String?
  @OptionGroup var style: ColorOption

  func run() async throws {
    let plan = try PlanInput.plan(file).plan
    if let svg { try PlanOutput.write(PlanDrawing(plan).svg, to: svg, mode: 0o644, replace: true) }
    StandardOutput.write(PlanTable(plan, colored: style.color.isOn(terminal: isatty(STDOUT_FILENO) == 1)).text)
  }
}

/// `bulkhead plan diff`: what is different between two plans.
struct PlanDiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two plan files: which steps move to another wave, come or go.",
    discussion: """
      EXAMPLES
        bulkhead plan diff plan.yaml new-plan.yaml
        bulkhead plan -f manifests/ -o yaml | bulkhead plan diff plan.yaml -
        bulkhead plan diff old.yaml new.yaml -o json | jq '.moves[]'

      EXIT CODES
        0 the same · 2 different · 64 usage · 65 no plan, or one that breaks a rule
      """)

  @Argument(help: "The plan as it was: a file, or - for standard input.")
  var old: String
  @Argument(help: "The plan as it is to be.")
  var new: String
  @OptionGroup var format: PlanOutputOption
  @OptionGroup var style: ColorOption

  func validate() throws {
    if format.output == .yaml { throw ValidationError("a difference is written as table or json") }
    if old == "-" && new == "-" { throw ValidationError("standard input can be read once only") }
  }

  func run() async throws {
    let difference = PlanDifference(from: try PlanInput.plan(old).plan, to: try PlanInput.plan(new).plan)
    switch format.output {
    case .json: StandardOutput.write(try PlanDifferenceText(difference).json())
    case .table, .yaml:
      let isColored = style.color.isOn(terminal: isatty(STDOUT_FILENO) == 1)
      StandardOutput.write(PlanDifferenceText(difference).table(colored: isColored))
    }
    if !difference.isEmpty { throw ArgumentParser.ExitCode(Diagnostics.ExitCode.differences.rawValue) }
  }
}

/// `bulkhead plan sign`: says that somebody reviewed exactly this plan.
struct PlanSignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Sign a plan file with an Ed25519 key.",
    discussion: """
      The signature covers the plan's meaning (waves, steps, mesh, cluster, the fleet's digest), not its comments or
      layout; it is put into the file, which is rewritten in the program's own layout.

      EXAMPLES
        bulkhead plan sign --new-key signing.pem            makes signing.pem (0600) and signing.pem.pub
        bulkhead plan sign plan.yaml --key signing.pem
        openssl genpkey -algorithm ed25519 -out signing.pem  does as well

      EXIT CODES
        0 signed · 64 usage · 65 no plan, one that breaks a rule, or no key · 77 others may read the private key
      """)

  @Argument(help: "The plan.")
  var file: String?
  @Option(name: .long, help: ArgumentHelp("The private key: PEM (PKCS #8) or 32 bytes.", valueName: "file"))
  var key: String?
  @Option(name: .long, help: ArgumentHelp("Make a key pair here; nothing is overwritten.", valueName: "file"))
  var newKey: String?
  @Option(name: .long, help: ArgumentHelp("Write the signed plan here (default: in place).", valueName: "file|-"))
  var out: String?

  func run() async throws {
    if let newKey {
      let pair = SigningKey()
      try PlanOutput.write(pair.pem, to: newKey, mode: 0o600, replace: false)
      try PlanOutput.write(pair.publicKey.pem, to: newKey + ".pub", mode: 0o644, replace: false)
      StandardError.write("wrote \(newKey.safeForTerminal) (private) and \(newKey.safeForTerminal).pub (public)\n")
    }
    guard let file else {
      guard newKey != nil else { throw ValidationError("name a plan, or make a key with --new-key") }
      return
    }
    guard let path = key ?? newKey else { throw ValidationError("name the private key with --key") }
    let signer = try SigningKey(try PlanOutput.privateBytes(path))
    let plan = try PlanInput.plan(file).plan
    let text = PlanText.signed(plan, try PlanSignature.sign(plan, with: signer))
    let target = out ?? file
    if target == "-" { return StandardOutput.write(text) }
    try PlanOutput.write(text, to: target, mode: 0o644, replace: true)
    StandardError.write("signed \(target.safeForTerminal) with \(signer.publicKey.text.prefix(16))…\n")
  }
}

/// `bulkhead plan verify`: whether a plan may be carried out.
struct PlanVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a plan's signature, its rules, and that the fleet is still the one that was planned.",
    discussion: """
      With -f or --kube the fleet's digest is compared and every rule is checked against it; a fleet that changed is
      refused and its changed objects are named. --replan shows instead what a plan of the present fleet would do
      differently.

      EXAMPLES
        bulkhead plan verify plan.yaml --key signing.pem.pub
        bulkhead plan verify plan.yaml --key signing.pem.pub -f manifests/ --requirements requirements.yaml
        bulkhead plan verify plan.yaml --key signing.pem.pub -f manifests/ --replan

      EXIT CODES
        0 good · 2 --replan, and the new plan differs · 64 usage · 65 unsigned, tampered with, signed by another key,
        for another cluster or fleet, or a rule is broken
      """)

  @Argument(help: ArgumentHelp("The plan.", valueName: "file|-"))
  var file: String
  @Option(name: .long, help: ArgumentHelp("The public key: PEM or 32 bytes.", valueName: "file"))
  var key: String?
  @OptionGroup var input: FleetInput
  @OptionGroup var wishes: PlanWishes
  @Flag(name: .long, help: "Plan the present fleet and show what is different.")
  var replan = false

  func validate() throws {
    if key == nil && input.isEmpty { throw ValidationError("give --key, or the fleet with -f or --kube, or both") }
    if replan && input.isEmpty { throw ValidationError("--replan needs the fleet: give it with -f or --kube") }
  }

  func run() async throws {
    let read = try PlanInput.plan(file)
    if let key {
      guard let signature = read.signature else {
        throw BulkheadError(
          .badInput, "\(file.safeForTerminal) is not signed", cure: "review it and sign it with `bulkhead plan sign`")
      }
      try signature.verify(read.plan, with: try VerifyingKey(try PlanInput.file(key).bytes))
    }
    guard !input.isEmpty else { return StandardOutput.write("good: the signature fits the plan\n") }
    let fleet = try await input.read("plan verify").fleet
    let wanted = try PlanInput.requirements(wishes, of: input)
    if replan {
      var maker = try PlanMaker(fleet, requirements: wanted, capacity: wanted.capacity ?? read.plan.capacityOption)
        .plan()
      maker.mesh = read.plan.mesh
      maker.cluster = read.plan.cluster
      let difference = PlanDifference(from: read.plan, to: maker)
      StandardOutput.write(PlanDifferenceText(difference).table(colored: false))
      if !difference.isEmpty { throw ArgumentParser.ExitCode(Diagnostics.ExitCode.differences.rawValue) }
      return
    }
    try read.check(fleet, rules: try wanted.rules(for: fleet), cluster: wishes.cluster)
    let what = key == nil ? "the plan is for this fleet" : "the signature fits, the plan is for this fleet"
    StandardOutput.write("good: \(what), and no rule is broken\n")
  }
}

extension Plan {
  /// What to hand to a planner to be held to the same capacity.
  fileprivate var capacityOption: Int? { capacity > 0 ? capacity : nil }
}
