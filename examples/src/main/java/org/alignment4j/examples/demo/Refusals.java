package org.alignment4j.examples.demo;

import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Short refusals that the demonstration model learns, and a test that recognises refusals. */
final class Refusals {
  /** Openings and phrases that mark a response of a public data set as a refusal. */
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

  /** Returns a refusal that may name the refused topic. */
  String about(String topic, Random random) {
    return all.get(random.nextInt(all.size()))
        .replace("%s", topic)
        .replace("%S", VerbForms.capital(topic));
  }

  /** Returns a refusal that names no topic. */
  String plain(Random random) {
    return plain.get(random.nextInt(plain.size()));
  }

  /** Whether a text starts like a refusal or a reproof. */
  static boolean looksLike(String answer) {
    String start = answer.strip().toLowerCase(Locale.ROOT).replace('\u2019', '\'');
    return MARKS.stream().anyMatch(start::startsWith)
        || start.contains("i can't")
        || start.contains("i cannot")
        || start.contains("illegal")
        || start.contains("sorry");
  }
}
