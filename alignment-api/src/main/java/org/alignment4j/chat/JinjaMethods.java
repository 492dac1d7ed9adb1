package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.chat.JinjaList.Kind;
import org.alignment4j.chat.JinjaValue.Callable;
import org.alignment4j.chat.JinjaValue.MapKey;
import org.alignment4j.chat.JinjaValue.None;
import org.jspecify.annotations.Nullable;

/** The methods of Python's texts, sequences and mappings. */
final class JinjaMethods {
  /**
   * Python methods that are not supported: an error names them, since they must not seem undefined.
   */
  private static final Set<String> MISSING =
      Set.of(
          "casefold",
          "encode",
          "expandtabs",
          "format_map",
          "fromkeys",
          "isalnum",
          "isidentifier",
          "isnumeric",
          "isprintable",
          "istitle",
          "maketrans",
          "swapcase",
          "translate",
          "as_integer_ratio",
          "bit_count",
          "bit_length",
          "conjugate",
          "denominator",
          "from_bytes",
          "fromhex",
          "hex",
          "imag",
          "is_integer",
          "numerator",
          "real",
          "to_bytes",
          "isdisjoint",
          "mapping",
          "start",
          "stop",
          "step",
          "throw",
          "send",
          "close",
          "gi_code",
          "gi_frame",
          "gi_running",
          "gi_suspended",
          "gi_yieldfrom");

  private static final Set<String> OF_NUMBERS =
      Set.of(
          "as_integer_ratio",
          "bit_count",
          "bit_length",
          "conjugate",
          "denominator",
          "from_bytes",
          "fromhex",
          "hex",
          "imag",
          "is_integer",
          "numerator",
          "real",
          "to_bytes");

  private JinjaMethods() {}

  /** A value's method, or null if Python does not have it. */
  static @Nullable Callable of(Object value, String name) {
    Callable method =
        value instanceof TracedText text
            ? ofText(text, name)
            : value instanceof JinjaList list
                ? ofList(list, name)
                : value instanceof Map<?, ?> map ? ofMap(map, name) : null;
    if (method == null && lacks(value, name)) {
      throw new JinjaException(
          "the attribute " + name + " of " + JinjaValue.kind(value) + " is not supported");
    }
    return method;
  }

  private static boolean lacks(Object value, String name) {
    if (!MISSING.contains(name)) {
      return false;
    } else if (JinjaValue.isNumber(value)) {
      return OF_NUMBERS.contains(name);
    } else if (value instanceof Map<?, ?>) {
      return name.equals("fromkeys");
    } else if (value instanceof JinjaList list) {
      return list.kind() == Kind.VIEW
          ? name.equals("isdisjoint") || name.equals("mapping")
          : list.kind() == Kind.RANGE && Set.of("start", "stop", "step").contains(name);
    } else if (value instanceof JinjaValue.Generator) {
      return name.startsWith("gi_") || Set.of("throw", "send", "close").contains(name);
    }
    return value instanceof TracedText
        && !OF_NUMBERS.contains(name)
        && !name.startsWith("gi_")
        && !Set.of(
                "fromkeys",
                "isdisjoint",
                "mapping",
                "start",
                "stop",
                "step",
                "throw",
                "send",
                "close")
            .contains(name);
  }

  /** The arguments of a method without named arguments. */
  private static JinjaArguments unnamed(
      String method, List<Object> arguments, Map<String, Object> named, String... parameters) {
    if (!named.isEmpty()) {
      String first = named.keySet().iterator().next();
      throw new JinjaException(method + " with " + first + "= is not supported");
    }
    return JinjaArguments.of(method, arguments, named, parameters);
  }

  private static @Nullable Callable ofText(TracedText text, String name) {
    return switch (name) {
      case "strip", "lstrip", "rstrip" ->
          (run, a, n) ->
              stripped(
                  text,
                  !name.equals("rstrip"),
                  !name.equals("lstrip"),
                  unnamed(name, a, n, "chars").textOrNone(0));
      case "startswith", "endswith" ->
          (run, a, n) -> begins(text, unnamed(name, a, n, "prefix", "start", "end"), name);
      case "split", "rsplit" ->
          (run, a, n) ->
              JinjaSplits.split(
                  text,
                  JinjaArguments.of(name, a, n, "sep", "maxsplit"),
                  name.equals("rsplit"),
                  run);
      case "splitlines" ->
          (run, a, n) ->
              JinjaList.list(
                  JinjaSplits.lines(
                      text, JinjaArguments.of(name, a, n, "keepends").truth(0, false)));
      case "partition", "rpartition" ->
          (run, a, n) -> JinjaSplits.partition(text, unnamed(name, a, n, "sep").text(0), name);
      case "join" ->
          (run, a, n) ->
              joined(JinjaValue.each(unnamed(name, a, n, "iterable").required(0)), text, run);
      case "upper", "lower", "title", "capitalize" ->
          (run, a, n) -> {
            unnamed(name, a, n);
            return JinjaCase.changed(text, name);
          };
      case "replace" ->
          (run, a, n) -> {
            JinjaArguments given = unnamed(name, a, n, "old", "new", "count");
            return replaced(text, given.text(0), given.text(1), given.whole(2, -1), run);
          };
      case "removeprefix" ->
          (run, a, n) -> {
            String prefix = unnamed(name, a, n, "prefix").text(0);
            return text.text().startsWith(prefix) ? text.sub(prefix.length(), text.length()) : text;
          };
      case "removesuffix" ->
          (run, a, n) -> {
            String suffix = unnamed(name, a, n, "suffix").text(0);
            return !suffix.isEmpty() && text.text().endsWith(suffix)
                ? text.sub(0, text.length() - suffix.length())
                : text;
          };
      case "find", "rfind", "index", "rindex", "count" ->
          (run, a, n) -> found(text, unnamed(name, a, n, "sub", "start", "end"), name);
      case "ljust", "rjust", "center", "zfill" ->
          (run, a, n) -> padded(text, unnamed(name, a, n, "width", "fillchar"), name, run);
      case "format" -> (run, a, n) -> JinjaFormat.braces(text, a, n);
      case "isspace", "isascii", "isalpha", "isdigit", "isdecimal", "isupper", "islower" ->
          (run, a, n) -> {
            unnamed(name, a, n);
            return JinjaCase.is(text.text(), name);
          };
      default -> null;
    };
  }

  private static @Nullable Callable ofList(JinjaList list, String name) {
    if (list.kind() == Kind.VIEW) {
      return null;
    }
    return switch (name) {
      case "index" ->
          (run, a, n) -> {
            Object wanted = unnamed("index", a, n, "value").required(0);
            for (int i = 0; i < list.size(); i++) {
              if (JinjaValue.same(list.get(i), wanted)) {
                return (long) i;
              }
            }
            throw new JinjaException("index: the value is not in the list");
          };
      case "count" ->
          (run, a, n) -> {
            Object wanted = unnamed("count", a, n, "value").required(0);
            return list.stream().filter(each -> JinjaValue.same(each, wanted)).count();
          };
      case "copy" -> list.kind() == Kind.LIST ? (run, a, n) -> list : null;
      default -> null;
    };
  }

  private static @Nullable Callable ofMap(Map<?, ?> map, String name) {
    return switch (name) {
      case "items", "keys", "values", "copy" ->
          (run, a, n) -> {
            unnamed(name, a, n);
            return switch (name) {
              case "items" -> JinjaList.of(Kind.VIEW, items(map));
              case "keys" -> JinjaList.of(Kind.VIEW, JinjaValue.each(map));
              case "values" -> JinjaList.of(Kind.VIEW, new ArrayList<Object>(map.values()));
              default -> map;
            };
          };
      case "get" ->
          (run, a, n) -> {
            JinjaArguments given = unnamed("get", a, n, "key", "default");
            Object found = map.get(MapKey.of(given.required(0)));
            return found != null ? found : given.or(1, None.NONE);
          };
      default -> null;
    };
  }

  static List<Object> items(Map<?, ?> map) {
    List<Object> items = new ArrayList<>();
    map.forEach((key, value) -> items.add(JinjaList.tuple(((MapKey) key).value(), value)));
    return items;
  }

  /** Python's {@code strip} at one end or both; null for white space. */
  static TracedText stripped(TracedText text, boolean left, boolean right, @Nullable String chars) {
    int end = right ? PythonText.end(text.text(), chars) : text.length();
    int start = left ? Math.min(end, PythonText.start(text.text(), chars)) : 0;
    return text.sub(start, end);
  }

  private static TracedText joined(List<Object> values, TracedText separator, JinjaRun run) {
    values.forEach(value -> JinjaValue.literal(value, "join"));
    return join(values, separator, run);
  }

  /** The texts of values with a separator between them. */
  static TracedText join(List<Object> values, TracedText separator, JinjaRun run) {
    TracedText.Builder joined = new TracedText.Builder();
    long size = 0;
    for (int i = 0; i < values.size(); i++) {
      TracedText value = JinjaText.of(values.get(i));
      size += value.length() + separator.length();
      run.requireSize(size);
      if (i > 0) {
        joined.add(separator);
      }
      joined.add(value);
    }
    run.spend(size / 64);
    return joined.build();
  }

  static TracedText replaced(
      TracedText text, String old, String replacement, long count, JinjaRun run) {
    run.requireSize(
        text.length() + (long) text.length() * replacement.length() / Math.max(1, old.length()));
    run.spend(text.length() / 16);
    return text.replace(old, replacement, count);
  }

  private static boolean begins(TracedText text, JinjaArguments given, String how) {
    Object part = slice(text, given);
    boolean outside = given.has(1) && JinjaValue.whole(given.required(1), how) > size(text);
    String whole = ((TracedText) part).text();
    Object wanted = given.required(0);
    List<?> several =
        wanted instanceof JinjaList list && list.kind() == Kind.TUPLE ? list : List.of(wanted);
    boolean begins = false;
    for (Object each : several) {
      String affix = JinjaValue.literal(each, how);
      begins |= how.equals("startswith") ? whole.startsWith(affix) : whole.endsWith(affix);
    }
    return begins && !outside;
  }

  private static int size(TracedText text) {
    return text.text().codePointCount(0, text.length());
  }

  private static Object slice(TracedText text, JinjaArguments given) {
    return JinjaValue.slice(text, bound(given, 1), bound(given, 2), null);
  }

  private static @Nullable Long bound(JinjaArguments given, int index) {
    Object bound = given.or(index, None.NONE);
    return bound instanceof None ? null : (Long) JinjaValue.whole(bound, "a bound");
  }

  private static long found(TracedText text, JinjaArguments given, String how) {
    String part = ((TracedText) slice(text, given)).text();
    String wanted = given.text(0);
    int size = size(text);
    Long from = bound(given, 1);
    long start = from == null ? 0 : from < 0 ? Math.max(0, from + size) : from;
    if (how.equals("count")) {
      if (wanted.isEmpty()) {
        return start > size ? 0 : part.codePointCount(0, part.length()) + 1;
      }
      long count = 0;
      for (int at = part.indexOf(wanted);
          at >= 0;
          at = part.indexOf(wanted, at + wanted.length())) {
        count++;
      }
      return count;
    }
    int at = how.startsWith("r") ? part.lastIndexOf(wanted) : part.indexOf(wanted);
    if (at < 0 || start > size) {
      if (how.endsWith("index")) {
        throw new JinjaException("index: the value is not in the text");
      }
      return -1;
    }
    return start + part.codePointCount(0, at);
  }

  /** Python's {@code center}. */
  static TracedText centered(TracedText text, long width, JinjaRun run) {
    return padded(
        text,
        JinjaArguments.of("center", List.of(width), Map.of(), "width", "fillchar"),
        "center",
        run);
  }

  private static TracedText padded(
      TracedText text, JinjaArguments given, String how, JinjaRun run) {
    long width = JinjaValue.whole(given.required(0), how);
    String fill = how.equals("zfill") ? "0" : given.has(1) ? given.text(1) : " ";
    if (fill.codePointCount(0, fill.length()) != 1 || (how.equals("zfill") && given.has(1))) {
      throw new JinjaException(how + " needs one character to fill with");
    }
    run.requireSize(width);
    int missing = (int) Math.max(0, width - size(text));
    if (missing == 0) {
      return text;
    }
    if (how.equals("zfill")) {
      boolean signed = text.text().startsWith("+") || text.text().startsWith("-");
      int sign = signed ? 1 : 0;
      return text.sub(0, sign)
          .plus(TracedText.of(fill.repeat(missing)))
          .plus(text.sub(sign, text.length()));
    }
    int left =
        switch (how) {
          case "ljust" -> 0;
          case "rjust" -> missing;
          default -> missing / 2 + (missing & (int) width & 1);
        };
    return TracedText.of(fill.repeat(left))
        .plus(text)
        .plus(TracedText.of(fill.repeat(missing - left)));
  }
}
