package org.alignment4j.examples.cli.compare;

import org.alignment4j.examples.cli.overrefusal.CompareOverRefusal;
import picocli.CommandLine.Command;

/** Comparisons of methods. */
@Command(
    name = "compare",
    description = "Compares methods over several seeds, or precisions.",
    mixinStandardHelpOptions = true,
    subcommands = {ComparePreferences.class, ComparePrecision.class, CompareOverRefusal.class})
public final class CompareCommand {}
