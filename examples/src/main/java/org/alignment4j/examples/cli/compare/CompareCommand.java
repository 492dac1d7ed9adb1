package org.alignment4j.examples.cli.compare;

import picocli.CommandLine.Command;

/** Comparisons of methods. */
@Command(
    name = "compare",
    description = "Runs several methods with several seeds and compares them.",
    mixinStandardHelpOptions = true,
    subcommands = ComparePreferences.class)
public final class CompareCommand {}
