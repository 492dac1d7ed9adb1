package org.alignment4j.chat;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.alignment4j.chat.Stretch.Breach;

/**
 * Role markers as the bytes of their tokens. Text whose tokens contain these bytes may look
 * different: normalisers fold letters, drop zero-width characters and treat U+2581 as a space.
 */
final class MarkerBytes {
  /** Text before a marker when its tokens are computed; bytes of white space are removed again. */
  private static final List<String> BEFORE = List.of("", "\n", " ", "\n\n");

  private static final List<String> AFTER = List.of("", "\n", " ");

  /**
   * A marker's bytes.
   *
   * @param marker the marker
   * @param bytes its bytes without white space around it, except those of a line break before it
   */
  private record Spelled(String marker, String bytes) {}

  private final Set<Spelled> anywhere = new LinkedHashSet<>();

  /** Markers at the start of a line, as tokenised at the start of the text. */
  private final Set<Spelled> first = new LinkedHashSet<>();

  private final IntFunction<String> spelling;

  /**
   * @param markers markers as the template writes them
   * @param spelling returns the bytes of a token
   * @param tokenizers the tokenizers of text
   */
  MarkerBytes(
      List<String> markers, IntFunction<String> spelling, List<NativeTokenizer> tokenizers) {
    this.spelling = spelling;
    for (NativeTokenizer tokenizer : tokenizers) {
      for (String marker : markers) {
        boolean led = marker.startsWith("\n");
        String text = led ? marker.substring(1) : marker;
        for (String before : BEFORE) {
          for (String after : AFTER) {
            String core = strip(bytes(before + text + after, tokenizer));
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
    // A marker of unknown letters alone is the same to the model as any unknown word.
    if (!core.chars().allMatch(c -> c == Spelling.UNKNOWN || isSpace((char) c))) {
      spelled.add(new Spelled(marker, head + core));
    }
  }

  /** The bytes of a line break before a marker; empty if the tokenizer drops it. */
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

  /** Reports the ranges of message text that are part of a marker. */
  void find(Stretch stretch, NativeTokenizer.Tokens tokens, Consumer<Breach> found) {
    if (anywhere.isEmpty() || stretch.trusted()) {
      return;
    }
    TokenView view = new TokenView(stretch.text(), tokens, spelling);
    String bytes = view.bytes();
    for (Spelled marker : first) {
      // The start of the text is the start of a line, too.
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
    int[] range = view.range(from, to);
    boolean trusted = stretch.trusted(range[0], range[1]);
    if (trusted || !view.isExact(from, to)) {
      // If a normaliser blurs the boundary, the template's own marker may be next to message
      // text. Each of its markers explains one match.
      String text = marker.marker.strip();
      int at = stretch.text().indexOf(text, range[0]);
      while (at >= 0 && at + text.length() <= range[1]) {
        if (stretch.trusted(at, at + text.length()) && own.add(at)) {
          return;
        }
        at = stretch.text().indexOf(text, at + 1);
      }
    }
    if (!trusted) {
      stretch.breaches(marker.marker, range[0], range[1], found);
    }
  }
}
