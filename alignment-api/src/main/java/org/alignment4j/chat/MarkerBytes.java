package org.alignment4j.chat;

import java.util.HashSet;
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
   */
  private record Spelled(String marker, String bytes) {}

  private final Set<Spelled> anywhere = new LinkedHashSet<>();

  /** Markers that begin a line, as the tokenizer reads them where the text begins. */
  private final Set<Spelled> first = new LinkedHashSet<>();

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
            String core = strip(bytes(before + text + behind, tokenizer));
            add(marker, core, led ? lineBreak(core, text, tokenizer) : "", anywhere);
          }
        }
        if (led) {
          add(marker, stripRight(bytes(text, tokenizer)), "", first);
        }
      }
    }
  }

  private static void add(String marker, String core, String head, Set<Spelled> spelled) {
    // Markers of unknown letters alone are no more than any unknown word to the model.
    if (!core.chars().allMatch(c -> c == Spelling.UNKNOWN || isSpace((char) c))) {
      spelled.add(new Spelled(marker, head + core));
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
    while (start < bytes.length() && isSpace(bytes.charAt(start))) {
      start++;
    }
    return stripRight(bytes.substring(start));
  }

  private static String stripRight(String bytes) {
    int end = bytes.length();
    while (end > 0 && isSpace(bytes.charAt(end - 1))) {
      end--;
    }
    return bytes.substring(0, end);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || (c >= 0x09 && c <= 0x0D);
  }

  boolean isEmpty() {
    return anywhere.isEmpty();
  }

  /** Gives the places where message text has a part in a marker. */
  void find(Stretch stretch, NativeTokenizer.Tokens tokens, Consumer<Breach> found) {
    if (anywhere.isEmpty() || stretch.trusted()) {
      return;
    }
    TokenView view = new TokenView(stretch.text(), tokens, spelling);
    String bytes = view.bytes();
    for (Spelled marker : first) {
      // The text's beginning begins a line, too.
      if (bytes.startsWith(marker.bytes)) {
        report(marker, view, 0, marker.bytes.length(), stretch, new HashSet<>(), found);
      }
    }
    for (Spelled marker : anywhere) {
      Set<Integer> own = new HashSet<>();
      int length = marker.bytes.length();
      for (int at = bytes.indexOf(marker.bytes);
          at >= 0;
          at = bytes.indexOf(marker.bytes, at + 1)) {
        report(marker, view, at, at + length, stretch, own, found);
      }
    }
  }

  private static void report(
      Spelled marker,
      TokenView view,
      int from,
      int to,
      Stretch stretch,
      Set<Integer> own,
      Consumer<Breach> found) {
    int[] place = view.place(from, to);
    boolean trusted = stretch.trusted(place[0], place[1]);
    if (trusted || !view.isExact(from, to)) {
      // Where a normaliser blurs the border the template's own marker may stand beside message
      // text. Each of its markers accounts for one.
      String text = marker.marker.strip();
      int at = stretch.text().indexOf(text, place[0]);
      while (at >= 0 && at + text.length() <= place[1]) {
        if (stretch.trusted(at, at + text.length()) && own.add(at)) {
          return;
        }
        at = stretch.text().indexOf(text, at + 1);
      }
    }
    if (!trusted) {
      stretch.breaches(marker.marker, place[0], place[1], found);
    }
  }
}
