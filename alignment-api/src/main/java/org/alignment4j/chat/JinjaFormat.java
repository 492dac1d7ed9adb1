package org.alignment4j.chat;

import java.util.List;
import java.util.Map;

/** Python's text formatting by {@code format} and {@code %}, without format options. */
final class JinjaFormat {
  private JinjaFormat() {}

  /** {@code '{} {name}'.format(...)}. */
  static TracedText braces(TracedText pattern, List<Object> arguments, Map<String, Object> named) {
    TracedText.Builder out = new TracedText.Builder();
    String text = pattern.text();
    int next = 0;
    int copied = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '{' && c != '}') {
        continue;
      }
      if (i + 1 < text.length() && text.charAt(i + 1) == c) {
        out.add(pattern.sub(copied, i + 1));
        copied = i + 2;
        i++;
        continue;
      }
      int end = text.indexOf('}', i);
      String field = c == '{' && end > 0 ? text.substring(i + 1, end) : "{";
      if (!field.matches("\\w*")) {
        throw new JinjaException("format of {" + field + "} is not supported");
      }
      out.add(pattern.sub(copied, i));
      if (field.isEmpty() || field.matches("\\d{1,4}")) {
        if (field.isEmpty() == next < 0) {
          throw new JinjaException(
              "format with both numbered and automatic fields is not supported");
        }
        int index = field.isEmpty() ? next : Integer.parseInt(field);
        next = field.isEmpty() ? next + 1 : next;
        if (index >= arguments.size()) {
          throw new JinjaException("format needs " + (index + 1) + " arguments");
        }
        out.add(JinjaText.of(arguments.get(index)));
      } else {
        Object value = named.get(field);
        if (value == null) {
          throw new JinjaException("format needs " + field + "=");
        }
        out.add(JinjaText.of(value));
      }
      copied = end + 1;
      i = end;
    }
    out.add(pattern.sub(copied, text.length()));
    return out.build();
  }

  /** {@code '%s' % value}, with several values as a tuple. */
  static TracedText percent(TracedText pattern, Object value) {
    List<?> values =
        value instanceof JinjaList list && list.kind() == JinjaList.Kind.TUPLE
            ? list
            : List.of(value);
    TracedText.Builder out = new TracedText.Builder();
    String text = pattern.text();
    int next = 0;
    int copied = 0;
    for (int i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 2)) {
      char kind = i + 1 < text.length() ? text.charAt(i + 1) : ' ';
      out.add(pattern.sub(copied, i));
      copied = i + 2;
      if (kind == '%') {
        out.add("%");
        continue;
      }
      if ("sdir".indexOf(kind) < 0 || next >= values.size()) {
        throw new JinjaException("formatting by %" + kind + " is not supported here");
      }
      Object each = values.get(next++);
      out.add(
          switch (kind) {
            case 's' -> JinjaText.of(each);
            case 'r' -> JinjaText.repr(each);
            default -> JinjaText.of(JinjaValue.whole(each, "%d"));
          });
    }
    if (next < values.size() && !(value instanceof Map<?, ?>)) {
      throw new JinjaException("it formats more values than there are fields");
    }
    out.add(pattern.sub(Math.min(copied, text.length()), text.length()));
    return out.build();
  }
}
