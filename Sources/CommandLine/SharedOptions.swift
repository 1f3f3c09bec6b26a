import ArgumentParser

// A command that has options of its own and subcommands as well takes every option that it knows, also one that stands
// behind a subcommand's name. It hands groups down to subcommands that have the same group, and nothing else: what both
// know is therefore declared here, once.

/// Of `plan` and its subcommands.
struct ColorOption: ParsableArguments {
  @Option(name: .long, help: "auto, always or never; NO_COLOR is honoured.")
  var color: ColorChoice = .auto

  init() {}
}

/// Of `plan` and `plan diff`.
struct PlanOutputOption: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, yaml }

  @Option(name: .shortAndLong, help: "table, json, or (of a plan) yaml.")
  var output: Format = .table

  init() {}
}

/// Of `plan` and `plan verify`.
struct PlanWishes: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("A file of kind Requirements (docs/requirements.md).", valueName: "file"))
  var requirements: String?
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The cluster that the plan is for, as its kubeconfig context is named: it is refused for another.",
      valueName: "name"))
  var cluster: String?

  init() {}
}

/// Of `judge` and its subcommands.
struct AlarmOptions: ParsableArguments {
  @Option(name: .long, help: "Greatest chance of a false alarm, however often one looks.")
  var alpha = 0.05
  @Option(name: .long, help: "Greatest chance that a worse canary is called noWorse.")
  var beta = 0.05
  @Option(name: .long, help: "Largest ratio of error rates that is no regression.")
  var margin = 1.5

  init() {}
}
