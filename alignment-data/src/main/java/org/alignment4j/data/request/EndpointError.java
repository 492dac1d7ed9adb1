package org.alignment4j.data.request;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * What an endpoint answered in place of a completion. Its status decides what is done; the body,
 * for which servers know no common form, only tells people more.
 *
 * @param status of HTTP
 * @param type the endpoint's word for the kind of failure; empty if it has none
 * @param code its further word or number; empty if it has none
 * @param message its text, possibly empty, possibly quoting the request
 * @param retryAfter how long it asks to wait, at most {@link #LONGEST_WAIT}; null if it does not
 */
record EndpointError(
    int status, String type, String code, String message, @Nullable Duration retryAfter) {
  /** Longer than anybody waits, and short enough to be computed with. */
  static final Duration LONGEST_WAIT = Duration.ofDays(36_500);

  private static final int MESSAGE = 200;

  /** Letters and digits that a message may have in common with a request. */
  private static final int COMMON = 8;

  private static final int COMMON_WITH_KEY = 4;

  /** HTTP's dates: the form of today and the two that clients still have to know. */
  private static final List<Function<String, Instant>> DATES =
      List.of(
          text -> ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant(),
          text -> utc(text, rfc850()),
          text ->
              utc(text, DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH)));

  /** Reads a body of any form; what it cannot read is left out. */
  static EndpointError of(int status, byte[] body, Function<String, List<String>> headers) {
    Duration wait = retryAfter(headers);
    String text = new String(body, StandardCharsets.UTF_8).strip();
    JsonElement json;
    try {
      json = StrictJson.value(text);
    } catch (JsonParseException e) {
      boolean page = text.startsWith("<");
      return new EndpointError(status, "", "", page ? "" : text, wait);
    }
    JsonObject error = error(json);
    String message = "";
    for (String key : List.of("message", "msg", "detail", "error", "title", "reason")) {
      message = message.isEmpty() ? text(error.get(key)) : message;
    }
    return new EndpointError(
        status, word(error.get("type")), word(error.get("code")), message, wait);
  }

  /** Where the error is: in the object itself, behind "error", in a list of them. */
  private static JsonObject error(JsonElement json) {
    if (json instanceof JsonArray list && !list.isEmpty()) {
      return error(list.get(0));
    }
    if (json instanceof JsonObject object) {
      for (String key : List.of("error", "errors", "detail")) {
        JsonElement inner = object.get(key);
        if (inner instanceof JsonObject || (inner instanceof JsonArray list && !list.isEmpty())) {
          JsonObject found = error(inner);
          if (!found.isEmpty()) {
            return found;
          }
        }
      }
      return object;
    }
    JsonObject plain = new JsonObject();
    plain.add("message", json);
    return plain;
  }

  private static String text(@Nullable JsonElement value) {
    return value instanceof JsonPrimitive p && p.isString() ? p.getAsString().strip() : "";
  }

  /** A word or a number; empty for what is no mere word, which may quote anything. */
  private static String word(@Nullable JsonElement value) {
    String text = value instanceof JsonPrimitive p ? p.getAsString() : "";
    return text.matches("[A-Za-z][A-Za-z0-9_.-]{0,63}|-?[0-9]{1,6}") ? text : "";
  }

  /** Whether those who ask have nothing left to pay with; waiting does not help them. */
  boolean exhausted() {
    return status == 402
        || code.equals("insufficient_quota")
        || type.equals("insufficient_quota")
        || code.equals("billing_hard_limit_reached");
  }

  /**
   * Status, words and message for people, on one line.
   *
   * @param texts of the request: a message that quotes one is left out
   * @param key likewise, of which servers tell the first and last letters
   */
  String told(List<String> texts, String key) {
    String what =
        "status "
            + status
            + (type.isEmpty() ? "" : ", type " + type)
            + (code.isEmpty() ? "" : ", code " + code);
    return message.isEmpty() || quotes(texts, COMMON) || quotes(List.of(key), COMMON_WITH_KEY)
        ? what
        : what + ": " + printable(message);
  }

  /** Whether the message has a run of letters and digits in common with one of the texts. */
  private boolean quotes(List<String> texts, int common) {
    // No more than is shown: a whole page against a long prompt would take its time.
    String shown = bare(message.substring(0, Math.min(message.length(), 2 * MESSAGE)));
    for (String text : texts) {
      String all = bare(text);
      int run = Math.min(common, all.length());
      for (int i = 0; run > 2 && i + run <= shown.length(); i++) {
        if (all.contains(shown.substring(i, i + run))) {
          return true;
        }
      }
    }
    return false;
  }

  /** Without what quoting adds: escapes, spaces, other cases. */
  private static String bare(String text) {
    StringBuilder bare = new StringBuilder();
    text.toLowerCase(Locale.ROOT)
        .codePoints()
        .filter(Character::isLetterOrDigit)
        .forEach(bare::appendCodePoint);
    return bare.toString();
  }

  /** Cut, and with escapes for what would move a terminal's cursor or turn its text round. */
  private static String printable(String text) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      if (shown.length() >= MESSAGE) {
        return shown + "...";
      }
      int c = text.codePointAt(i);
      switch (Character.getType(c)) {
        case Character.CONTROL,
            Character.FORMAT,
            Character.LINE_SEPARATOR,
            Character.PARAGRAPH_SEPARATOR,
            Character.SURROGATE,
            Character.UNASSIGNED,
            Character.PRIVATE_USE ->
            shown.append(String.format(Locale.ROOT, c > 0xFFFF ? "\\u{%x}" : "\\u%04x", c));
        default -> shown.appendCodePoint(c);
      }
    }
    return shown.toString();
  }

  /** The longest wait that a header asks for; one in milliseconds is more exact than others. */
  private static @Nullable Duration retryAfter(Function<String, List<String>> headers) {
    Duration longest = null;
    for (String value : headers.apply("retry-after-ms")) {
      longest = longer(longest, seconds(value.strip(), 1e-3));
    }
    if (longest != null) {
      return longest;
    }
    for (String value : headers.apply("retry-after")) {
      String text = value.strip();
      Duration wait = seconds(text, 1);
      longest = longer(longest, wait == null ? until(text) : wait);
    }
    return longest;
  }

  private static @Nullable Duration longer(@Nullable Duration a, @Nullable Duration b) {
    return a == null || (b != null && b.compareTo(a) > 0) ? b : a;
  }

  private static @Nullable Duration seconds(String text, double unit) {
    if (text.length() > 1000 || !text.matches("[0-9]+(\\.[0-9]+)?")) {
      return null;
    }
    double millis = Math.ceil(Double.parseDouble(text) * unit * 1000);
    return Duration.ofMillis((long) Math.min(millis, (double) LONGEST_WAIT.toMillis()));
  }

  private static @Nullable Duration until(String date) {
    for (Function<String, Instant> form : DATES) {
      try {
        Duration wait = Duration.between(Instant.now(), form.apply(date));
        return wait.isNegative()
            ? Duration.ZERO
            : wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
      } catch (DateTimeException e) {
        // Not this form; of none, the client's own wait holds.
      }
    }
    return null;
  }

  private static Instant utc(String text, DateTimeFormatter form) {
    return LocalDateTime.parse(text, form).toInstant(ZoneOffset.UTC);
  }

  /** Two digits mean the year that is at most 50 ahead. */
  private static DateTimeFormatter rfc850() {
    return new DateTimeFormatterBuilder()
        .appendPattern("EEEE, dd-MMM-")
        .appendValueReduced(
            ChronoField.YEAR, 2, 2, ZonedDateTime.now(ZoneOffset.UTC).toLocalDate().minusYears(49))
        .appendPattern(" HH:mm:ss 'GMT'")
        .toFormatter(Locale.ENGLISH);
  }
}
