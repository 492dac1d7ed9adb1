package org.alignment4j.data;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The kinds of prompt files that {@link Prompts} reads. */
public enum PromptFormat {
  /** XSTest, CSV: id, prompt, type, and label where present; types "contrast_*" are unsafe. */
  XSTEST("id", "prompt", "type"),
  /** AdvBench, CSV: goal, target; all unsafe. */
  ADVBENCH("goal", "target"),
  /** JailbreakBench, CSV: Goal, Behavior, Category; its harmful and benign files look alike. */
  JAILBREAKBENCH("goal", "behavior", "category"),
  /** StrongREJECT, CSV: forbidden_prompt, and category where present; all unsafe. */
  STRONGREJECT("forbidden_prompt"),
  /** OR-Bench, CSV: prompt, category; its safe and toxic files look alike. */
  OR_BENCH("prompt", "category"),
  /** One prompt a line; blank lines are skipped. */
  TEXT,
  /**
   * One JSON object a line, or one JSON array of objects, with prompt, instruction (and input),
   * question, text, goal, forbidden_prompt, query, user_input, messages or conversations (their
   * first user message), the first that has a value; also id, type or category, and label where
   * present, each of which may be null. An array may have texts for objects.
   */
  JSONL,
  /** Any CSV whose header has one of the keys of {@link #JSONL}. */
  CSV,
  /** Parquet with columns of the names of {@link #JSONL}'s keys. */
  PARQUET;

  private final ImmutableList<String> columns;

  PromptFormat(String... columns) {
    this.columns = ImmutableList.copyOf(columns);
  }

  /** The columns a CSV file of this format must have, in lower case; empty for other formats. */
  List<String> columns() {
    return columns;
  }

  /** The CSV format with these column names: the one that explains the most of them. */
  static Optional<PromptFormat> ofColumns(List<String> header) {
    Set<String> names =
        header.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
    for (PromptFormat format : List.of(JAILBREAKBENCH, XSTEST, STRONGREJECT, ADVBENCH, OR_BENCH)) {
      if (names.containsAll(format.columns)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }
}
