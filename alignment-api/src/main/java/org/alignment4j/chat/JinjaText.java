package org.alignment4j.chat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Map;
import org.alignment4j.chat.JinjaList.Kind;
import org.alignment4j.chat.JinjaValue.MapKey;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.chat.JinjaValue.Undefined;

/** Values formatted as in Python: {@code str} and {@code repr}. */
final class JinjaText {
  private static final int MAX_DEPTH = 100;

  private JinjaText() {}

  /** The output of {@code {{ value }}}. */
  static TracedText of(Object value) {
    if (value instanceof TracedText rope) {
      return rope;
    } else if (value instanceof Undefined) {
      return TracedText.EMPTY;
    }
    TracedText.Builder out = new TracedText.Builder();
    repr(value, out, 0);
    return out.build();
  }

  /** Python's {@code repr}. */
  static TracedText repr(Object value) {
    TracedText.Builder out = new TracedText.Builder();
    repr(value, out, 0);
    return out.build();
  }

  private static void repr(Object value, TracedText.Builder out, int depth) {
    if (depth > MAX_DEPTH) {
      throw new JinjaException("it writes a value that nests deeper than " + MAX_DEPTH);
    }
    if (value instanceof TracedText rope) {
      boolean doubled = rope.text().contains("'") && !rope.text().contains("\"");
      String quote = doubled ? "\"" : "'";
      out.add(quote);
      out.add(rope.map(text -> escaped(text, quote.charAt(0))));
      out.add(quote);
    } else if (value instanceof Boolean b) {
      out.add(b ? "True" : "False");
    } else if (value instanceof Long) {
      out.add(value.toString());
    } else if (value instanceof Double number) {
      out.add(number(number));
    } else if (value instanceof None) {
      out.add("None");
    } else if (value instanceof Undefined) {
      out.add("Undefined");
    } else if (value instanceof JinjaList list
        && (list.kind() == Kind.LIST || list.kind() == Kind.TUPLE)) {
      boolean tuple = list.kind() == Kind.TUPLE;
      out.add(tuple ? "(" : "[");
      for (int i = 0; i < list.size(); i++) {
        out.add(i == 0 ? "" : ", ");
        repr(list.get(i), out, depth + 1);
      }
      out.add(!tuple ? "]" : list.size() == 1 ? ",)" : ")");
    } else if (value instanceof Map<?, ?> map) {
      String separator = "{";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.add(separator);
        repr(((MapKey) entry.getKey()).value(), out, depth + 1);
        out.add(": ");
        repr(entry.getValue(), out, depth + 1);
        separator = ", ";
      }
      out.add(map.isEmpty() ? "{}" : "}");
    } else {
      throw new JinjaException("it writes " + JinjaValue.kind(value) + " as text");
    }
  }

  /**
   * The shortest digits that parse to the same number, with an exponent where Python writes one.
   */
  static String number(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return Double.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
    }
    String sign = value < 0 || (value == 0 && 1 / value < 0) ? "-" : "";
    if (value == 0) {
      return sign + "0.0";
    }
    BigDecimal exact = new BigDecimal(Math.abs(value));
    BigDecimal shortest = exact;
    for (int digits = 1; digits <= 17; digits++) {
      shortest = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (shortest.doubleValue() == Math.abs(value)) {
        break;
      }
    }
    String digits = shortest.stripTrailingZeros().unscaledValue().toString();
    int point = shortest.precision() - shortest.scale();
    if (point > 16 || point < -3) {
      int exponent = point - 1;
      String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
      String power = String.format("%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
      return sign + digits.charAt(0) + fraction + "e" + power;
    }
    if (point <= 0) {
      return sign + "0." + "0".repeat(-point) + digits;
    }
    return digits.length() <= point
        ? sign + digits + "0".repeat(point - digits.length()) + ".0"
        : sign + digits.substring(0, point) + "." + digits.substring(point);
  }

  private static String escaped(String text, char quote) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              int simple = "\\\n\r\t".indexOf(c);
              if (c == quote || simple >= 0) {
                out.append('\\').append(c == quote ? quote : "\\nrt".charAt(simple));
              } else if (isPrintable(c)) {
                out.appendCodePoint(c);
              } else {
                out.append(
                    String.format(c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
              }
            });
    return out.toString();
  }

  private static boolean isPrintable(int c) {
    return c == ' '
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SPACE_SEPARATOR ->
              false;
          default -> true;
        };
  }
}
