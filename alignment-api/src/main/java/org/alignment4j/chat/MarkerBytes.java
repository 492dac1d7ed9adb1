package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.alignment4j.chat.Stretch.Breach;

/**
 * Role markers as the bytes of the tokens that a tokenizer makes of them. Text that has them in its
 * tokens' bytes may look different: normalisers fold letters, drop characters of no width and take
 * U+2581 for a space.
 */
final class MarkerBytes {
  /** What may stand around a marker; the bytes of white space are cut off again. */
  private static final List<String> BEFORE = List.of("", "\n", " ", "\n\n");

  private static final List<String> BEHIND = List.of("", "\n", " ");

  /**
   * A marker's bytes.
   *
   * @param marker the marker
   * @param bytes without white space around it, but for what a line break before it becomes
   * @param head how many bytes stand for the line break and a word mark behind it
   */
  private record Spelled(String marker, String bytes, int head) {}

  private final Set<Spelled> spelled = new LinkedHashSet<>();
  private final IntFunction<String> spelling;

  /**
   * @param markers markers as the template writes them
   * @param spelling the bytes of a token
   * @param tokenizers what text is tokenised with
   */
  MarkerBytes(
      List<String> markers, IntFunction<String> spelling, List<NativeTokenizer> tokenizers) {
    this.spelling = spelling;
    for (NativeTokenizer tokenizer : tokenizers) {
      for (String marker : markers) {
        boolean led = marker.startsWith("\n");
        String text = led ? marker.substring(1) : marker;
        for (String before : BEFORE) {
          for (String behind : BEHIND) {
            add(marker, strip(bytes(before + text + behind, tokenizer)), led, text, tokenizer);
          }
        }
      }
    }
  }

  private void add(
      String marker, String core, boolean led, String text, NativeTokenizer tokenizer) {
    // Markers of unknown letters alone are no more than any unknown word to the model.
    if (!core.chars().allMatch(c -> c == Spelling.UNKNOWN || isSpace((char) c))) {
      String head = led ? lineBreak(core, text, tokenizer) : "";
      spelled.add(new Spelled(marker, head + core, head.length()));
      if (!head.isEmpty() && bytes(text, tokenizer).startsWith(" ")) {
        // With the word mark that it has at the beginning of the text.
        spelled.add(new Spelled(marker, head + " " + core, head.length() + 1));
      }
    }
  }

  /** What a line break before a marker becomes: nothing where the tokenizer drops it. */
  private String lineBreak(String core, String text, NativeTokenizer tokenizer) {
    String line = bytes("x\n" + text, tokenizer);
    int at = line.lastIndexOf(core) - 1;
    return at >= 0 && isSpace(line.charAt(at)) ? line.substring(at, at + 1) : "";
  }

  private String bytes(String text, NativeTokenizer tokenizer) {
    return new TokenView(text, tokenizer.encode(text, false), spelling).bytes();
  }

  private static String strip(String bytes) {
    int start = 0;
    int end = bytes.length();
    while (start < end && isSpace(bytes.charAt(start))) {
      start++;
    }
    while (end > start && isSpace(bytes.charAt(end - 1))) {
      end--;
    }
    return bytes.substring(start, end);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || (c >= 0x09 && c <= 0x0D);
  }

  boolean isEmpty() {
    return spelled.isEmpty();
  }

  /** Gives the places where message text has a part in a marker. */
  void find(Stretch stretch, NativeTokenizer.Tokens tokens, Consumer<Breach> found) {
    if (spelled.isEmpty() || stretch.trusted()) {
      return;
    }
    TokenView view = new TokenView(stretch.text(), tokens, spelling);
    String bytes = view.bytes();
    for (Spelled marker : spelled) {
      List<Integer> own = new ArrayList<>();
      String sought = marker.bytes;
      if (marker.head > 0) {
        // The text's beginning begins a line, too, be it behind a word mark.
        String rest = sought.substring(marker.head);
        int at = bytes.startsWith(" ") && !bytes.startsWith(rest) ? 1 : 0;
        if (bytes.startsWith(rest, at)) {
          report(marker, view, at, at + rest.length(), stretch, own, found);
        }
      }
      for (int at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + 1)) {
        report(marker, view, at, at + sought.length(), stretch, own, found);
      }
    }
  }

  private static void report(
      Spelled marker,
      TokenView view,
      int from,
      int to,
      Stretch stretch,
      List<Integer> own,
      Consumer<Breach> found) {
    int[] place = view.place(from, to);
    if (stretch.trusted(place[0], place[1])) {
      return;
    }
    if (!view.isExact(from, to)) {
      // A normaliser blurs the border: the template's own marker may stand beside message text.
      String text = marker.marker.strip();
      int at = stretch.text().indexOf(text, place[0]);
      if (at >= 0
          && at + text.length() <= place[1]
          && stretch.trusted(at, at + text.length())
          && !own.contains(at)) {
        own.add(at);
        return;
      }
    }
    stretch.breaches(marker.marker, place[0], place[1], found);
  }
}
