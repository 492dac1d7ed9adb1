package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Stretch.Breach;

/**
 * Changes message text until its tokens contain no control token and no role marker.
 *
 * <p>A marker is broken up by a space after its first character. Some tokenizers drop or join white
 * space, so if the tokens still contain the marker, a visible character is inserted there, then
 * between all of its characters, then in place of them. Only text that yields a marker is changed.
 */
final class Neutraliser {
  /** Maximum attempts per edit; one edit can complete another marker. */
  private static final int MAX_ATTEMPTS = 3;

  private enum Way {
    AFTER_FIRST,
    BETWEEN,
    IN_PLACE
  }

  private record Step(Way way, String text) {}

  private static final List<Step> STEPS =
      List.of(
          new Step(Way.AFTER_FIRST, " "),
          new Step(Way.AFTER_FIRST, "_"),
          new Step(Way.AFTER_FIRST, "-"),
          new Step(Way.AFTER_FIRST, "x"),
          new Step(Way.BETWEEN, "_"),
          new Step(Way.BETWEEN, "-"),
          new Step(Way.BETWEEN, "x"),
          new Step(Way.IN_PLACE, "_"),
          new Step(Way.IN_PLACE, "-"),
          new Step(Way.IN_PLACE, "x"));

  /** Replacements for letters whose only token is a control token. */
  private static final List<String> SUBSTITUTES = List.of("?", "_", "x", " ");

  /** Tokenises a script and adds the breaches that it finds. */
  interface Encoder {
    EncodedMessages encode(Script script, List<Breach> breaches);
  }

  /**
   * A script without breaches.
   *
   * @param script the script
   * @param encoded its tokens
   */
  record Safe(Script script, EncodedMessages encoded) {}

  private Neutraliser() {}

  /**
   * @throws IllegalArgumentException if no edit prevents the marker
   */
  static Safe neutralise(Script script, Encoder encoder) {
    Script safe = script;
    int before = Integer.MAX_VALUE;
    int tries = 0;
    int step = 0;
    while (true) {
      List<Breach> breaches = new ArrayList<>();
      EncodedMessages encoded = encoder.encode(safe, breaches);
      if (breaches.isEmpty()) {
        return new Safe(safe, encoded);
      }
      if (before != Integer.MAX_VALUE && (breaches.size() >= before || tries == MAX_ATTEMPTS)) {
        step++;
        tries = 0;
      }
      if (step == STEPS.size()) {
        String marker = breaches.get(0).marker();
        throw new IllegalArgumentException(
            "a message makes "
                + (marker == null ? "a control token" : "the role marker '" + marker.strip() + "'")
                + " with any character inserted: the tokenizer does not distinguish them");
      }
      safe = changed(safe, breaches, step);
      before = breaches.size();
      tries++;
    }
  }

  /** The changes to one piece. */
  private static final class Changes {
    final BitSet before = new BitSet();
    final BitSet replaced = new BitSet();
    final BitSet substituted = new BitSet();

    String apply(String text, String filler, String substitute) {
      StringBuilder out = new StringBuilder(text.length() + 16);
      int i = 0;
      while (i < text.length()) {
        if (before.get(i)) {
          out.append(filler);
        }
        int next = text.offsetByCodePoints(i, 1);
        if (substituted.get(i)) {
          out.append(substitute);
        } else if (replaced.get(i)) {
          out.append(filler);
        } else {
          out.append(text, i, next);
        }
        i = next;
      }
      return before.get(text.length()) ? out.append(filler).toString() : out.toString();
    }
  }

  private static Script changed(Script script, List<Breach> breaches, int step) {
    Map<Integer, Changes> byPiece = new HashMap<>();
    for (Breach breach : breaches) {
      Changes changes = byPiece.computeIfAbsent(breach.piece(), piece -> new Changes());
      if (breach.marker() == null) {
        changes.substituted.set(breach.start(), breach.end());
      } else {
        plan(breach, script.pieces().get(breach.piece()).text(), STEPS.get(step).way, changes);
      }
    }
    String filler = STEPS.get(step).text;
    String substitute = SUBSTITUTES.get(step % SUBSTITUTES.size());
    return script.changed(
        (index, piece) -> {
          Changes changes = byPiece.get(index);
          return changes == null ? piece.text() : changes.apply(piece.text(), filler, substitute);
        });
  }

  private static void plan(Breach breach, String text, Way way, Changes changes) {
    int start = breach.start();
    int second = text.offsetByCodePoints(start, 1);
    switch (way) {
      case AFTER_FIRST -> {
        int from = breach.atStart() ? afterFirst(breach, text) : start;
        if (from < breach.end() || !breach.atEnd()) {
          changes.before.set(from);
        }
      }
      case BETWEEN -> {
        if (!breach.atStart()) {
          changes.before.set(start);
        }
        for (int i = second; i < breach.end(); i = text.offsetByCodePoints(i, 1)) {
          changes.before.set(i);
        }
        if (!breach.atEnd()) {
          changes.before.set(breach.end());
        }
      }
      case IN_PLACE -> changes.replaced.set(start, breach.end());
    }
  }

  /**
   * The offset after a marker's first character; a word mark before it may be in the same token.
   */
  private static int afterFirst(Breach breach, String text) {
    int first = breach.start();
    boolean led = breach.marker() != null && breach.marker().startsWith("\n");
    while (!led && first + 1 < breach.end() && isWordMark(text.charAt(first))) {
      first++;
    }
    return text.offsetByCodePoints(first, 1);
  }

  private static boolean isWordMark(char c) {
    return c == '\u2581' || PythonText.isWhiteSpace(c);
  }
}
