package org.alignment4j.examples.cli.command;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Result of a command that ran to its end.
 *
 * @param json the result as JSON, in this order
 * @param text the result as text; may have several lines
 * @param failure one line with the reason if the command failed; null if it passed
 */
public record Outcome(Map<String, ?> json, String text, @Nullable String failure) {
  public static Outcome passed(Map<String, ?> json, String text) {
    return new Outcome(json, text, null);
  }
}
