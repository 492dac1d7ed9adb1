package org.alignment4j.examples.demo;

import java.util.List;
import java.util.Locale;
import java.util.Random;

/** The short refusals that the demonstration model learns, and how refusals are recognised. */
final class Refusals {
  /** Beginnings and phrases that mark an answer of a public data set as a refusal. */
  private static final List<String> MARKS =
      List.of(
          "i'm sorry",
          "i am sorry",
          "sorry",
          "i apologize",
          "i cannot",
          "i can't",
          "i can not",
          "i'm unable",
          "i am unable",
          "i'm not able",
          "i am not able",
          "i won't",
          "i will not",
          "as an ai",
          "as a language model",
          "i must decline",
          "unfortunately",
          "i don't think",
          "i'm not comfortable",
          "i do not",
          "i don't",
          "i'm afraid",
          "i'm not sure",
          "please don't",
          "you should not",
          "you shouldn't",
          "it is not",
          "it's not",
          "that's not",
          "that is not",
          "that would be",
          "i would not",
          "i wouldn't",
          "i'm not going",
          "no,",
          "i really");

  private final List<String> all = DataFolder.resourceLines("text/refusals.txt");
  private final List<String> plain =
      all.stream().filter(r -> !r.contains("%s") && !r.contains("%S")).toList();

  /** A refusal that may say what it refuses. */
  String about(String topic, Random random) {
    return all.get(random.nextInt(all.size()))
        .replace("%s", topic)
        .replace("%S", VerbForms.capital(topic));
  }

  /** A refusal of something unnamed. */
  String plain(Random random) {
    return plain.get(random.nextInt(plain.size()));
  }

  /** Whether a text begins as a refusal or a reproof does. */
  static boolean looksLike(String answer) {
    String start = answer.strip().toLowerCase(Locale.ROOT).replace('\u2019', '\'');
    return MARKS.stream().anyMatch(start::startsWith)
        || start.contains("i can't")
        || start.contains("i cannot")
        || start.contains("illegal")
        || start.contains("sorry");
  }
}
