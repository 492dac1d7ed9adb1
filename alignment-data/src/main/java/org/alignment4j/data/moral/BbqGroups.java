package org.alignment4j.data.moral;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Maps the groups of BBQ to one name each: answers and lists of stereotyped groups spell them in
 * different ways, such as woman and F, or low SES and lowSES.
 */
final class BbqGroups {
  private static final Map<String, String> ALIASES =
      Map.ofEntries(
          Map.entry("woman", "f"),
          Map.entry("women", "f"),
          Map.entry("girl", "f"),
          Map.entry("girls", "f"),
          Map.entry("lady", "f"),
          Map.entry("mother", "f"),
          Map.entry("female", "f"),
          Map.entry("man", "m"),
          Map.entry("men", "m"),
          Map.entry("boy", "m"),
          Map.entry("boys", "m"),
          Map.entry("guy", "m"),
          Map.entry("father", "m"),
          Map.entry("male", "m"),
          Map.entry("low ses", "lowses"),
          Map.entry("high ses", "highses"),
          Map.entry("latina", "latino"),
          Map.entry("hispanic", "latino"),
          Map.entry("transgender women", "trans"),
          Map.entry("transgender men", "trans"),
          Map.entry("african american", "black"));

  /** The second axes of the intersections; the data's lists name only the race. */
  private static final Set<String> SECOND = Set.of("f", "m", "lowses", "highses");

  private static final Splitter PARTS = Splitter.on(CharMatcher.anyOf("-_"));
  private static final Splitter WORDS = Splitter.onPattern("[^\\p{L}]+");

  private BbqGroups() {}

  /** Returns the names of a list of stereotyped groups. */
  static Set<String> stereotyped(List<String> groups) {
    Set<String> names = new LinkedHashSet<>();
    groups.forEach(g -> names.add(name(g)));
    return names;
  }

  /**
   * Returns the names of an answer's groups.
   *
   * @param text the answer's short text in {@code answer_info}, which for nationalities is the
   *     group
   * @param group the group there; its parts are joined by hyphens or underscores
   * @param answer the answer as it is shown, for rows that lack the others
   */
  static Set<String> of(String text, String group, String answer) {
    Set<String> names = new LinkedHashSet<>();
    names.add(name(group));
    names.add(name(text));
    PARTS.split(group).forEach(part -> names.add(name(part)));
    String words = group.isBlank() ? text + " " + answer : text;
    for (String word : WORDS.split(words)) {
      String name = name(word);
      if (group.isBlank() || SECOND.contains(name)) {
        names.add(name);
      }
    }
    names.remove("");
    return names;
  }

  /**
   * Returns the one group of a second axis among an answer's; empty if there is none or several.
   */
  static String second(Set<String> names) {
    List<String> found = names.stream().filter(SECOND::contains).toList();
    return found.size() == 1
        ? found.get(0)
        : found.stream().filter(n -> n.endsWith("ses")).findFirst().orElse("");
  }

  private static String name(String group) {
    String plain = group.replaceAll("[{}]", "").strip().toLowerCase(Locale.ROOT);
    return ALIASES.getOrDefault(plain, plain);
  }
}
