package org.alignment4j.examples.cli.input;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.PromptRow;

/** Reads the prompts of a file as conversations of one user message. */
public final class PromptFile {
  private PromptFile() {}

  public static List<Prompt> read(Path file) {
    return of(Prompts.read(file));
  }

  public static List<Prompt> of(List<PromptRow> rows) {
    return rows.stream().map(row -> Prompt.user(row.prompt())).toList();
  }
}
