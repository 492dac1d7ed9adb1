package org.alignment4j.data.moral;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.data.moral.AnswerReader.Option;
import org.alignment4j.data.moral.AnswerReader.Question;

/** Finds the one option that a free-text answer names, ignoring case. */
final class OptionMatcher {
  private OptionMatcher() {}

  /** Returns the option's index; empty if the answer names none, or more than one. */
  static OptionalInt match(Question question, String answer) {
    String text = withoutStem(question.stem(), answer).toLowerCase(Locale.ROOT).strip();
    List<Option> options = question.options();
    if (question.leading()) {
      String first = text.replaceFirst("^[^\\p{L}]+", "").replaceFirst("[^\\p{L}].*(?s)", "");
      for (int i = 0; i < options.size(); i++) {
        if (names(options.get(i)).anyMatch(first::equals)) {
          return OptionalInt.of(i);
        }
      }
    }
    List<Integer> letters = occurring(text, options, Option::forms);
    if (letters.isEmpty()) {
      OptionalInt bare = bareLetter(text, options);
      if (bare.isPresent()) {
        return bare;
      }
      letters = occurring(text, options, Option::aliases);
    }
    return letters.size() == 1 ? OptionalInt.of(letters.get(0)) : OptionalInt.empty();
  }

  private static List<Integer> occurring(
      String text, List<Option> options, Function<Option, List<String>> names) {
    return IntStream.range(0, options.size())
        .filter(i -> lower(names.apply(options.get(i))).anyMatch(name -> occurs(text, name)))
        .boxed()
        .toList();
  }

  /** Removes the stem, which some models repeat. */
  private static String withoutStem(String stem, String answer) {
    int at = answer.lastIndexOf(stem.strip());
    return at < 0 ? answer : answer.substring(at + stem.strip().length());
  }

  private static Stream<String> names(Option option) {
    return Stream.concat(lower(option.forms()), lower(option.aliases()));
  }

  private static Stream<String> lower(List<String> names) {
    return names.stream().map(name -> name.strip().toLowerCase(Locale.ROOT));
  }

  /** Whether a name occurs in the text with no letter or digit right before or after it. */
  private static boolean occurs(String text, String name) {
    for (int at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      int end = at + name.length();
      boolean before = at == 0 || !within(text.charAt(at - 1), name.charAt(0));
      boolean after =
          end == text.length() || !within(text.charAt(end), name.charAt(name.length() - 1));
      if (before && after) {
        return true;
      }
    }
    return false;
  }

  private static boolean within(char adjacent, char edge) {
    return Character.isLetterOrDigit(adjacent) && Character.isLetterOrDigit(edge);
  }

  /** Returns the option of an answer that is only the letter of an option written {@code (a)}. */
  private static OptionalInt bareLetter(String text, List<Option> options) {
    String bare = text.replaceAll("^[^\\p{L}]+|[^\\p{L}]+$", "");
    for (int i = 0; i < options.size(); i++) {
      if (names(options.get(i)).anyMatch(("(" + bare + ")")::equals)) {
        return OptionalInt.of(i);
      }
    }
    return OptionalInt.empty();
  }
}
