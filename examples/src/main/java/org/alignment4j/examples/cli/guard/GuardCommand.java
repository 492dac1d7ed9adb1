package org.alignment4j.examples.cli.guard;

import picocli.CommandLine.Command;

/** Commands on guards that adapt the system prompt. */
@Command(
    name = "guard",
    description = "Trains, measures and runs guards that adapt a frozen model's system prompt.",
    mixinStandardHelpOptions = true,
    subcommands = {GuardTrain.class, GuardEvaluate.class, GuardRun.class})
public final class GuardCommand {}
