package org.alignment4j.data.filter;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Replaces personal data in texts by placeholders that name its kind, such as {@code [EMAIL]}
 * (Safer-Instruct, stage 3). Scrubbing is idempotent: text between placeholders is searched
 * separately, until nothing is found. Patterns find data of a fixed form, not names or postal
 * addresses; digits alone are not a telephone number without a plus, a leading zero or separators.
 * Immutable and thread-safe.
 *
 * <p>The built-in kinds take time linear in the text's length; hostile texts of 1 MB took a few
 * seconds at most. The time of user-defined patterns is not limited.
 */
public final class PiiScrubber {
  private static final Pattern NAME = Pattern.compile("[A-Z][A-Z0-9_]{0,63}");

  private final List<PiiDetector> detectors;
  private final Pattern placeholders;

  private PiiScrubber(List<PiiDetector> detectors) {
    this.detectors = List.copyOf(detectors);
    placeholders =
        Pattern.compile(
            detectors.stream()
                .map(detector -> Pattern.quote(detector.placeholder()))
                .collect(Collectors.joining("|")));
  }

  /** The built-in kinds; a kind's name is used in its placeholder. */
  public enum Kind {
    /** A URL with a user name, token or password before the host, as a whole. */
    URL_WITH_CREDENTIALS,
    /** An e-mail address, in any script. */
    EMAIL,
    /** An international bank account number with valid check digits. */
    IBAN,
    /** A payment card number: 13 to 19 digits with a valid Luhn check digit. */
    CREDIT_CARD,
    /** A US social security number, with separators. */
    US_SSN,
    /** An IPv4 or IPv6 address. */
    IP_ADDRESS,
    /** A telephone number: international, North American, or with a leading zero. */
    PHONE
  }

  /**
   * A scrubbed text.
   *
   * @param text the text with placeholders
   * @param counts number of replacements of each kind, by its name; existing placeholders are not
   *     counted
   */
  public record Scrubbed(String text, Map<String, Integer> counts) {
    /** Copies the counts. */
    public Scrubbed {
      counts = Collections.unmodifiableMap(new TreeMap<>(counts));
    }

    /** Returns the counts only; the text may be private. */
    @Override
    public String toString() {
      return "Scrubbed" + counts;
    }
  }

  /** Returns a scrubber of all built-in kinds. */
  public static PiiScrubber standard() {
    return of(List.of(Kind.values()));
  }

  /** Returns a scrubber of some built-in kinds, searched in the order of {@link Kind}. */
  public static PiiScrubber of(Collection<Kind> kinds) {
    require(!kinds.isEmpty(), "there is no kind to scrub");
    return new PiiScrubber(
        kinds.stream().distinct().sorted().flatMap(kind -> PiiForms.of(kind).stream()).toList());
  }

  /**
   * Returns a scrubber of these kinds and a user-defined one, searched before them. The pattern
   * should have no repetition that can match the same text in two ways.
   *
   * @param kind name of capital letters, digits and underscores; not that of another kind
   * @param pattern pattern of the text to replace; empty matches are ignored
   */
  public PiiScrubber with(String kind, Pattern pattern) {
    require(
        NAME.matcher(kind).matches(),
        "a kind is named by capital letters, digits and underscores, was '%s'",
        kind);
    require(
        detectors.stream().noneMatch(detector -> detector.name().equals(kind)),
        "kind %s exists already",
        kind);
    List<PiiDetector> more = new ArrayList<>();
    more.add(new PiiDetector(kind, "", pattern, PiiChecks::any));
    more.addAll(detectors);
    return new PiiScrubber(more);
  }

  /** Replaces all personal data found in a text; existing placeholders are kept. */
  public Scrubbed scrub(String text) {
    Map<String, Integer> counts = new TreeMap<>();
    StringBuilder scrubbed = new StringBuilder(text.length());
    Matcher there = placeholders.matcher(text);
    int from = 0;
    while (there.find()) {
      scrub(text.substring(from, there.start()), scrubbed, counts);
      scrubbed.append(there.group());
      from = there.end();
    }
    scrub(text.substring(from), scrubbed, counts);
    return new Scrubbed(scrubbed.toString(), counts);
  }

  /** A piece of text, or a placeholder. */
  private record Piece(String text, boolean done) {}

  private void scrub(String text, StringBuilder scrubbed, Map<String, Integer> counts) {
    Deque<Piece> ahead = new ArrayDeque<>();
    ahead.push(new Piece(text, false));
    while (!ahead.isEmpty()) {
      Piece piece = ahead.pop();
      List<Piece> parts = piece.done() ? List.of() : parts(piece.text(), counts);
      if (parts.isEmpty()) {
        scrubbed.append(piece.text());
      }
      for (int i = parts.size() - 1; i >= 0; i--) {
        ahead.push(parts.get(i));
      }
    }
  }

  /** Returns the text split by the first kind that is found in it; empty if none is. */
  private List<Piece> parts(String text, Map<String, Integer> counts) {
    for (PiiDetector detector : detectors) {
      List<PiiDetector.Span> found = detector.find(text);
      if (!found.isEmpty()) {
        counts.merge(detector.name(), found.size(), Integer::sum);
        List<Piece> parts = new ArrayList<>();
        int from = 0;
        for (PiiDetector.Span span : found) {
          parts.add(new Piece(text.substring(from, span.begin()), false));
          parts.add(new Piece(detector.placeholder(), true));
          from = span.end();
        }
        parts.add(new Piece(text.substring(from), false));
        return parts;
      }
    }
    return List.of();
  }
}
