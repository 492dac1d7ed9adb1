package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.alignment4j.data.PromptRow;
import org.alignment4j.data.Prompts;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** One prompt of the command line, or those of a file; for an exclusive group of options. */
public final class PromptSource {
  @Option(names = "--prompt", paramLabel = "TEXT", description = "one prompt")
  private @Nullable String prompt;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "prompts: JSON Lines, CSV of a known set, or text, one a line")
  @OnDisk(OnDisk.Place.FILE)
  private @Nullable Path file;

  /** Whether there may be several. */
  public boolean isFile() {
    return file != null;
  }

  public List<PromptRow> rows() {
    return prompt != null
        ? List.of(PromptRow.of("0", prompt))
        : Prompts.read(Objects.requireNonNull(file));
  }
}
