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
 * An error response of an endpoint. Only its status decides what is done; the body, which has no
 * common format, only adds details for humans.
 *
 * @param status the HTTP status
 * @param type the endpoint's error type; empty if absent
 * @param code the endpoint's error code, a word or a number; empty if absent
 * @param message the error message, possibly empty, possibly quoting the request
 * @param retryAfter the delay that it requests, at most {@link #LONGEST_WAIT}; null if absent
 */
record EndpointError(
    int status, String type, String code, String message, @Nullable Duration retryAfter) {
  /** Longer than any sensible delay, and short enough not to overflow. */
  static final Duration LONGEST_WAIT = Duration.ofDays(36_500);

  private static final int MESSAGE = 200;

  /** The length from which a common run of letters and digits counts as quoting the request. */
  private static final int COMMON = 8;

  private static final int COMMON_WITH_KEY = 4;

  /** HTTP's date formats: the current one and the two obsolete ones that clients must accept. */
  private static final List<Function<String, Instant>> DATES =
      List.of(
          text -> ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant(),
          text -> utc(text, rfc850()),
          text ->
              utc(text, DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH)));

  /** Reads a body of any format; unreadable parts are left out. */
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

  /** Returns the error object: the body itself, its property "error", or an element of a list. */
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

  /** Returns a single word or a number; empty for anything else, which may quote the request. */
  private static String word(@Nullable JsonElement value) {
    String text = value instanceof JsonPrimitive p ? p.getAsString() : "";
    return text.matches("[A-Za-z][A-Za-z0-9_.-]{0,63}|-?[0-9]{1,6}") ? text : "";
  }

  /** Whether the quota is exhausted, so that waiting does not help. */
  boolean exhausted() {
    return status == 402
        || code.equals("insufficient_quota")
        || type.equals("insufficient_quota")
        || code.equals("billing_hard_limit_reached");
  }

  /**
   * Returns status, type, code and message as one human-readable line.
   *
   * @param texts texts of the request: a message that quotes one is left out
   * @param key the API key, likewise; servers quote its first and last letters
   */
  String describe(List<String> texts, String key) {
    String what =
        "status "
            + status
            + (type.isEmpty() ? "" : ", type " + type)
            + (code.isEmpty() ? "" : ", code " + code);
    return message.isEmpty() || quotes(texts, COMMON) || quotes(List.of(key), COMMON_WITH_KEY)
        ? what
        : what + ": " + printable(message);
  }

  /** Whether the message shares a run of letters and digits with one of the texts. */
  private boolean quotes(List<String> texts, int common) {
    // Only the part that is shown: comparing a whole page with a long prompt would be slow.
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

  /** Removes escapes, white space and case, which quoting may change. */
  private static String bare(String text) {
    StringBuilder bare = new StringBuilder();
    text.toLowerCase(Locale.ROOT)
        .codePoints()
        .filter(Character::isLetterOrDigit)
        .forEach(bare::appendCodePoint);
    return bare.toString();
  }

  /**
   * Truncates the text and escapes characters that would move a terminal's cursor or reverse its
   * text.
   */
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

  /** Returns the longest delay that a header requests; one in milliseconds takes precedence. */
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
        // Not this format; if none matches, the client's own delay applies.
      }
    }
    return null;
  }

  private static Instant utc(String text, DateTimeFormatter form) {
    return LocalDateTime.parse(text, form).toInstant(ZoneOffset.UTC);
  }

  /** Two digits denote the year that is at most 50 years ahead. */
  private static DateTimeFormatter rfc850() {
    return new DateTimeFormatterBuilder()
        .appendPattern("EEEE, dd-MMM-")
        .appendValueReduced(
            ChronoField.YEAR, 2, 2, ZonedDateTime.now(ZoneOffset.UTC).toLocalDate().minusYears(49))
        .appendPattern(" HH:mm:ss 'GMT'")
        .toFormatter(Locale.ENGLISH);
  }
}
