package org.alignment4j.examples.cli.command;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command that ran to its end found.
 *
 * @param json the result for programs, in this order
 * @param text the same for people; may have several lines
 * @param failure one line that says why the command counts as failed; null if it passed
 */
public record Outcome(Map<String, ?> json, String text, @Nullable String failure) {
  public static Outcome passed(Map<String, ?> json, String text) {
    return new Outcome(json, text, null);
  }
}
