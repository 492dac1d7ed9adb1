package org.alignment4j.examples.demo;

import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Turns the leading verb of an English phrase, given in its base form, into other forms. */
final class VerbForms {
  /** Verbs of the word lists that double their last letter before -ing. */
  private static final Set<String> DOUBLING =
      Set.of(
          "get", "rob", "stab", "plan", "run", "cut", "set", "put", "shut", "rig", "traffic",
          "trap", "con", "drug", "scan", "sit", "stop", "plot", "tap", "win", "hit", "swim",
          "unplug", "wrap", "knit", "chat", "log", "commit", "permit", "snap", "map", "jog", "skip",
          "dig");

  private VerbForms() {}

  /** "steal a car" becomes "stealing a car". */
  static String gerund(String phrase) {
    return first(
        phrase,
        verb -> {
          if (verb.equals("traffic")) {
            return "trafficking";
          }
          if (verb.equals("lie") || verb.equals("tie") || verb.equals("die")) {
            return verb.charAt(0) + "ying";
          }
          if (DOUBLING.contains(verb)) {
            return verb + verb.charAt(verb.length() - 1) + "ing";
          }
          boolean silent = verb.endsWith("e") && !verb.endsWith("ee") && !verb.endsWith("oe");
          return (silent ? verb.substring(0, verb.length() - 1) : verb) + "ing";
        });
  }

  /** "steal a car" becomes "steals a car". */
  static String thirdPerson(String phrase) {
    return first(
        phrase,
        verb -> {
          int n = verb.length();
          if (verb.endsWith("y") && n > 1 && "aeiou".indexOf(verb.charAt(n - 2)) < 0) {
            return verb.substring(0, n - 1) + "ies";
          }
          boolean hissing =
              verb.endsWith("s")
                  || verb.endsWith("sh")
                  || verb.endsWith("ch")
                  || verb.endsWith("x")
                  || verb.endsWith("z")
                  || verb.endsWith("o");
          return verb + (hissing ? "es" : "s");
        });
  }

  static String capital(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  static String small(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
  }

  /** An adverb in -ly before the verb stays as it is. */
  private static String first(String phrase, UnaryOperator<String> form) {
    int space = phrase.indexOf(' ');
    String verb = space < 0 ? phrase : phrase.substring(0, space);
    String rest = space < 0 ? "" : phrase.substring(space);
    if (verb.endsWith("ly") && !rest.isEmpty() && !verb.equals("fly") && !verb.equals("rely")) {
      return verb + " " + first(rest.strip(), form);
    }
    return form.apply(verb) + rest;
  }
}
