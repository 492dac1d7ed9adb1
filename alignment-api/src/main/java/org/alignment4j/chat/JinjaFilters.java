package org.alignment4j.chat;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.chat.JinjaValue.Undefined;
import org.jspecify.annotations.Nullable;

/** Jinja's filters: {@code value | name}. */
final class JinjaFilters {
  private JinjaFilters() {}

  static Object apply(
      JinjaRun run, String name, Object value, List<Object> arguments, Map<String, Object> named) {
    run.spend(JinjaExpression.weight(value));
    return switch (name) {
      case "trim" -> JinjaMethods.strip(JinjaValue.text(value), optionalText(arguments, 0, named));
      case "length", "count" -> length(value);
      case "upper", "lower", "title", "capitalize" ->
          JinjaValue.text(value).map(text -> JinjaMethods.changedCase(text, name));
      case "string" -> JinjaValue.text(value);
      case "safe" -> value;
      case "default", "d" -> defaulted(value, arguments, named);
      case "list" -> elements(value);
      case "first" -> JinjaValue.item(JinjaValue.each(value), 0L);
      case "last" -> JinjaValue.item(JinjaValue.each(value), -1L);
      case "reverse" -> JinjaValue.slice(elements(value), null, null, -1L);
      case "join" -> {
        Object separator = argument(arguments, 0, named, "d");
        yield JinjaMethods.join(
            JinjaValue.each(value),
            separator == null ? Rope.EMPTY : JinjaValue.text(separator),
            run);
      }
      case "replace" ->
          JinjaValue.text(value)
              .replace(
                  known(required(arguments, 0, name), name),
                  known(required(arguments, 1, name), name),
                  -1);
      case "int" -> toInt(value);
      case "items" ->
          value instanceof Map<?, ?> map ? JinjaMethods.items(map) : Collections.emptyList();
      case "dictsort" -> sortedByKey(value);
      case "tojson" -> {
        if (!arguments.isEmpty() || !named.isEmpty()) {
          throw new JinjaException("tojson with options is not supported");
        }
        Rope.Builder json = new Rope.Builder();
        json(value, json);
        yield json.build();
      }
      case "select", "reject" -> chosen(value, null, 0, arguments, name.equals("select"));
      case "selectattr", "rejectattr" ->
          chosen(
              value,
              known(required(arguments, 0, name), name),
              1,
              arguments,
              name.equals("selectattr"));
      case "map" -> mapped(run, value, arguments, named);
      default -> throw new JinjaException("the filter " + name + " is not supported");
    };
  }

  private static List<Object> elements(Object value) {
    if (value instanceof Rope) {
      known(value, "a list of characters");
    }
    return JinjaValue.each(value);
  }

  private static List<Object> sortedByKey(Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new JinjaException("dictsort needs a mapping, found " + JinjaValue.kind(value));
    }
    List<Object> items = JinjaMethods.items(map);
    items.sort((a, b) -> JinjaValue.order(JinjaValue.item(a, 0L), JinjaValue.item(b, 0L)));
    return items;
  }

  private static Object length(Object value) {
    if (value instanceof Rope rope) {
      return (long) rope.text().codePointCount(0, rope.length());
    }
    return (long) JinjaValue.each(value).size();
  }

  private static Object defaulted(Object value, List<Object> arguments, Map<String, Object> named) {
    Object otherwise = argument(arguments, 0, named, "default_value");
    Object falsy = argument(arguments, 1, named, "boolean");
    boolean missing =
        value instanceof Undefined
            || (falsy != null && JinjaValue.truth(falsy) && !JinjaValue.truth(value));
    return !missing ? value : otherwise == null ? Rope.EMPTY : otherwise;
  }

  private static Object toInt(Object value) {
    if (value instanceof Double number) {
      return number.longValue();
    }
    if (JinjaValue.isNumber(value)) {
      return JinjaValue.whole(value, "int");
    }
    try {
      return Long.parseLong(PythonText.strip(known(JinjaValue.text(value), "int")));
    } catch (NumberFormatException e) {
      return 0L;
    }
  }

  private static List<Object> chosen(
      Object value, @Nullable String attribute, int test, List<Object> arguments, boolean wanted) {
    List<Object> chosen = new ArrayList<>();
    String name = arguments.size() > test ? known(arguments.get(test), "a test's name") : "";
    List<Object> rest = arguments.subList(Math.min(arguments.size(), test + 1), arguments.size());
    for (Object each : JinjaValue.each(value)) {
      Object tested = attribute == null ? each : path(each, attribute);
      boolean holds =
          name.isEmpty() ? JinjaValue.truth(tested) : JinjaChecks.holds(name, tested, rest);
      if (holds == wanted) {
        chosen.add(each);
      }
    }
    return chosen;
  }

  private static List<Object> mapped(
      JinjaRun run, Object value, List<Object> arguments, Map<String, Object> named) {
    Object attribute = named.get("attribute");
    List<Object> mapped = new ArrayList<>();
    for (Object each : JinjaValue.each(value)) {
      if (attribute != null) {
        Object found = path(each, known(attribute, "map"));
        Object otherwise = named.get("default");
        mapped.add(found instanceof Undefined && otherwise != null ? otherwise : found);
      } else {
        List<Object> rest = arguments.subList(Math.min(1, arguments.size()), arguments.size());
        mapped.add(apply(run, known(required(arguments, 0, "map"), "map"), each, rest, Map.of()));
      }
    }
    return mapped;
  }

  private static Object path(Object value, String attribute) {
    Object found = value;
    for (String name : Splitter.on('.').split(attribute)) {
      found = JinjaValue.item(found, Rope.of(name));
    }
    return found;
  }

  /** Python's {@code json.dumps} as transformers calls it. */
  private static void json(Object value, Rope.Builder out) {
    if (value instanceof Rope text) {
      out.add("\"");
      out.add(text.map(JinjaFilters::escaped));
      out.add("\"");
    } else if (value instanceof None) {
      out.add("null");
    } else if (value instanceof Boolean b) {
      out.add(b ? "true" : "false");
    } else if (JinjaValue.isNumber(value)) {
      out.add(value.toString());
    } else if (value instanceof List<?> list) {
      out.add("[");
      for (int i = 0; i < list.size(); i++) {
        out.add(i == 0 ? "" : ", ");
        json(list.get(i), out);
      }
      out.add("]");
    } else if (value instanceof Map<?, ?> map) {
      String separator = "{";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.add(separator);
        json(JinjaValue.ofKey(entry.getKey()), out);
        out.add(": ");
        json(entry.getValue(), out);
        separator = ", ";
      }
      out.add(map.isEmpty() ? "{}" : "}");
    } else {
      throw new JinjaException("it writes " + JinjaValue.kind(value) + " as JSON");
    }
  }

  private static String escaped(String text) {
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int escaped = "\"\\\n\r\t\b\f".indexOf(c);
      if (escaped >= 0) {
        json.append('\\').append("\"\\nrtbf".charAt(escaped));
      } else if (c < ' ') {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.toString();
  }

  private static String known(Object value, String purpose) {
    return JinjaValue.literal(value, purpose);
  }

  private static @Nullable String optionalText(
      List<Object> arguments, int index, Map<String, Object> named) {
    Object argument = argument(arguments, index, named, "chars");
    return argument == null || argument instanceof None ? null : known(argument, "trim");
  }

  private static @Nullable Object argument(
      List<Object> arguments, int index, Map<String, Object> named, String name) {
    return index < arguments.size() ? arguments.get(index) : named.get(name);
  }

  private static Object required(List<Object> arguments, int index, String filter) {
    if (index >= arguments.size()) {
      throw new JinjaException("the filter " + filter + " needs " + (index + 1) + " arguments");
    }
    return arguments.get(index);
  }
}
