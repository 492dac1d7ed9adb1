package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.JinjaValue.MapKey;
import org.alignment4j.chat.JinjaValue.None;
import org.jspecify.annotations.Nullable;

/** The filter {@code tojson} as in transformers: Python's {@code json.dumps}. */
final class JinjaJson {
  private static final int MAX_DEPTH = 100;

  private final boolean ascii;
  private final @Nullable String indent;
  private final String comma;
  private final String colon;
  private final boolean sorted;
  private final TracedText.Builder out = new TracedText.Builder();

  private JinjaJson(
      boolean ascii, @Nullable String indent, String comma, String colon, boolean sorted) {
    this.ascii = ascii;
    this.indent = indent;
    this.comma = comma;
    this.colon = colon;
    this.sorted = sorted;
  }

  static TracedText of(Object value, List<Object> positional, Map<String, Object> named) {
    JinjaArguments given =
        JinjaArguments.of(
            "tojson", positional, named, "ensure_ascii", "indent", "separators", "sort_keys");
    Object wanted = given.or(1, None.NONE);
    String indent = null;
    if (wanted instanceof TracedText text) {
      indent = text.text();
    } else if (!(wanted instanceof None)) {
      long width = Math.max(0, JinjaValue.whole(wanted, "tojson"));
      if (width > 100) {
        throw new JinjaException("tojson indents by " + width);
      }
      indent = " ".repeat((int) width);
    }
    String comma = indent == null ? ", " : ",";
    String colon = ": ";
    if (!(given.or(2, None.NONE) instanceof None)) {
      List<Object> separators = JinjaValue.each(given.required(2));
      if (separators.size() != 2) {
        throw new JinjaException("tojson needs two separators");
      }
      comma = JinjaValue.literal(separators.get(0), "tojson");
      colon = JinjaValue.literal(separators.get(1), "tojson");
    }
    JinjaJson json =
        new JinjaJson(given.truth(0, false), indent, comma, colon, given.truth(3, false));
    json.write(value, 0);
    return json.out.build();
  }

  private void write(Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new JinjaException("it writes a value that nests deeper than " + MAX_DEPTH);
    }
    if (value instanceof TracedText text) {
      out.add("\"");
      out.add(text.map(this::escaped));
      out.add("\"");
    } else if (value instanceof None) {
      out.add("null");
    } else if (value instanceof Boolean b) {
      out.add(b ? "true" : "false");
    } else if (value instanceof Long) {
      out.add(value.toString());
    } else if (value instanceof Double number) {
      out.add(number(number));
    } else if (value instanceof JinjaList list
        && (list.kind() == JinjaList.Kind.LIST || list.kind() == JinjaList.Kind.TUPLE)) {
      out.add("[");
      for (int i = 0; i < list.size(); i++) {
        next(i, depth);
        write(list.get(i), depth + 1);
      }
      end(list.size(), depth);
      out.add("]");
    } else if (value instanceof Map<?, ?> map) {
      write(map, depth);
    } else {
      throw new JinjaException("it writes " + JinjaValue.kind(value) + " as JSON");
    }
  }

  private void write(Map<?, ?> map, int depth) {
    List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
    if (sorted) {
      entries.sort((a, b) -> JinjaValue.order(key(a), key(b)));
    }
    out.add("{");
    for (int i = 0; i < entries.size(); i++) {
      next(i, depth);
      Object key = key(entries.get(i));
      if (key instanceof TracedText) {
        write(key, depth);
      } else {
        if (key instanceof JinjaList) {
          throw new JinjaException("it writes a tuple as a key in JSON");
        }
        out.add("\"");
        write(key, depth);
        out.add("\"");
      }
      out.add(colon);
      write(entries.get(i).getValue(), depth + 1);
    }
    end(entries.size(), depth);
    out.add("}");
  }

  private static Object key(Map.Entry<?, ?> entry) {
    return ((MapKey) entry.getKey()).value();
  }

  private void next(int index, int depth) {
    out.add(index == 0 ? "" : comma);
    line(depth + 1);
  }

  private void end(int size, int depth) {
    if (size > 0) {
      line(depth);
    }
  }

  private void line(int depth) {
    if (indent != null) {
      out.add("\n" + indent.repeat(depth));
    }
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    return Double.isInfinite(value)
        ? value > 0 ? "Infinity" : "-Infinity"
        : JinjaText.number(value);
  }

  private String escaped(String text) {
    StringBuilder json = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int escaped = "\"\\\n\r\t\b\f".indexOf(c);
      if (escaped >= 0) {
        json.append('\\').append("\"\\nrtbf".charAt(escaped));
      } else if (c < ' ' || (ascii && c > '~')) {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.toString();
  }
}
