package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.PromptRow;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The prompts of a model: one from the command line or those of a file, after an optional system
 * message.
 */
public final class PromptOptions {
  @ArgGroup(exclusive = true, multiplicity = "1")
  private Source source = new Source();

  @Mixin private SystemOption system = new SystemOption();

  /** A prompt or a file. */
  private static final class Source {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "one prompt")
    private @Nullable String prompt;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "prompts: JSON Lines, CSV of a known set, or text, one per line")
    @CheckedPath(CheckedPath.Kind.FILE)
    private @Nullable Path file;
  }

  /** Whether there may be several prompts. */
  public boolean isFile() {
    return source.file != null;
  }

  public List<PromptRow> rows() {
    return source.prompt != null
        ? List.of(PromptRow.of("0", source.prompt))
        : Prompts.read(Objects.requireNonNull(source.file));
  }

  public @Nullable String system() {
    return system.message();
  }
}
