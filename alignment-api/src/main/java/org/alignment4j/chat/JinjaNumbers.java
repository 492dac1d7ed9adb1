package org.alignment4j.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.chat.JinjaValue.Undefined;
import org.jspecify.annotations.Nullable;

/** Python's arithmetic and number parsing, with 64-bit integers and floats. */
final class JinjaNumbers {
  private static final Pattern DIGITS =
      Pattern.compile("([-+]?)(0[xXoObB]_?)?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)");
  private static final Pattern REAL =
      Pattern.compile(
          "[-+]?(?:(?:\\d+(?:_\\d+)*)(?:\\.(?:\\d+(?:_\\d+)*)?)?|\\.\\d+(?:_\\d+)*)"
              + "(?:[eE][-+]?\\d+(?:_\\d+)*)?");
  private static final Pattern WORDS =
      Pattern.compile("([-+]?)(inf|infinity|nan)", Pattern.CASE_INSENSITIVE);

  private JinjaNumbers() {}

  /** {@code a operator b}. */
  static Object compute(String operator, Object a, Object b) {
    if (!JinjaValue.isNumber(a) || !JinjaValue.isNumber(b)) {
      throw new JinjaException(
          "it computes " + JinjaValue.kind(a) + " " + operator + " " + JinjaValue.kind(b));
    }
    boolean whole = JinjaValue.isWhole(a) && JinjaValue.isWhole(b);
    if (!whole || operator.equals("/")) {
      return real(operator, JinjaValue.real(a), JinjaValue.real(b));
    }
    return whole(operator, JinjaValue.whole(a, operator), JinjaValue.whole(b, operator));
  }

  private static Object whole(String operator, long a, long b) {
    if (b == 0 && (operator.equals("//") || operator.equals("%"))) {
      throw new JinjaException("it divides by zero");
    }
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "//" -> b == -1 ? Math.negateExact(a) : Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      default -> power(a, b);
    };
  }

  private static Object power(long a, long b) {
    if (b < 0) {
      return real("**", (double) a, (double) b);
    }
    if (Math.abs(a) <= 1) {
      return a == 0 ? (b == 0 ? 1L : 0L) : a == 1 || b % 2 == 0 ? 1L : -1L;
    }
    if (b > 63) {
      throw new ArithmeticException("long overflow");
    }
    return BigInteger.valueOf(a).pow((int) b).longValueExact();
  }

  private static Object real(String operator, double a, double b) {
    if (b == 0 && !"+-***".contains(operator)) {
      throw new JinjaException("it divides by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "%" -> modulo(a, b);
      case "//" -> floorQuotient(a, b);
      default -> {
        double power = Math.pow(a, b);
        if ((a == 0 && b < 0) || Double.isNaN(power) || Double.isInfinite(power)) {
          throw new JinjaException("it computes a power that is not a real number");
        }
        yield power;
      }
    };
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0.0, b);
    }
    return (b < 0) == (rest < 0) ? rest : rest + b;
  }

  private static double floorQuotient(double a, double b) {
    double rest = a % b;
    double quotient = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0.0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  /** Python's {@code int(text, base)}, or null if the text is not one. */
  static @Nullable Long whole(String text, int base) {
    String stripped = PythonText.strip(text);
    Matcher match = DIGITS.matcher(ascii(stripped));
    if (!match.matches()) {
      return null;
    }
    String prefix = match.group(2) == null ? "" : match.group(2).toLowerCase(Locale.ROOT);
    String digits = match.group(3);
    int own = prefix.startsWith("0x") ? 16 : prefix.startsWith("0o") ? 8 : 2;
    int radix = base;
    if (!prefix.isEmpty() && base != 0 && own != base) {
      // Not a prefix in this base, but digits, as the b of 0b1 is in base 16.
      digits = prefix + digits;
    } else if (!prefix.isEmpty()) {
      radix = own;
    } else if (base == 0) {
      radix = 10;
      if (digits.startsWith("0") && !digits.replace("_", "").matches("0*")) {
        return null;
      }
    }
    try {
      return new BigInteger(match.group(1) + digits.replace("_", ""), radix).longValueExact();
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** The digits of other scripts as ASCII. */
  private static String ascii(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              int digit = c < 0x80 ? -1 : Character.isDigit(c) ? Character.digit(c, 10) : -1;
              out.appendCodePoint(digit < 0 ? c : '0' + digit);
            });
    return out.toString();
  }

  /** Python's {@code float(text)}, or null if the text is not one. */
  static @Nullable Double real(String text) {
    String stripped = ascii(PythonText.strip(text));
    Matcher word = WORDS.matcher(stripped);
    if (word.matches()) {
      double value = word.group(2).equalsIgnoreCase("nan") ? Double.NaN : Double.POSITIVE_INFINITY;
      return word.group(1).equals("-") ? -value : value;
    }
    return REAL.matcher(stripped).matches() ? Double.valueOf(stripped.replace("_", "")) : null;
  }

  /** Python's {@code int(value)} of a float. */
  static long truncated(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value) || Math.abs(value) >= 0x1p63) {
      throw new ArithmeticException("a number beyond 64 bits");
    }
    return (long) value;
  }

  /** The filter {@code round}. */
  static Object round(Object value, long digits, String method) {
    if (!JinjaValue.isNumber(value) || Math.abs(digits) > 300) {
      throw new JinjaException("it rounds " + JinjaValue.kind(value));
    }
    if (!method.equals("common")) {
      double scale = Math.pow(10, (double) digits);
      double scaled = JinjaValue.real(value) * scale;
      double rounded = method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled);
      return rounded / scale;
    }
    if (JinjaValue.isWhole(value)) {
      return BigDecimal.valueOf(JinjaValue.whole(value, "round"))
          .setScale((int) Math.min(0, digits), RoundingMode.HALF_EVEN)
          .longValueExact();
    }
    double real = JinjaValue.real(value);
    if (Double.isNaN(real) || Double.isInfinite(real)) {
      return real;
    }
    double rounded =
        new BigDecimal(real).setScale((int) digits, RoundingMode.HALF_EVEN).doubleValue();
    return Math.copySign(rounded, real);
  }

  static Object toInt(Object value, JinjaArguments given) {
    Object otherwise = given.or(0, 0L);
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.name() + " is undefined; a number is needed");
    }
    if (value instanceof Double number) {
      return Double.isNaN(number) ? otherwise : (Object) truncated(number);
    }
    if (JinjaValue.isNumber(value)) {
      return JinjaValue.whole(value, "int");
    }
    if (!(value instanceof TracedText text)) {
      return otherwise;
    }
    long base = given.whole(1, 10);
    if (base == 1 || base < 0 || base > 36) {
      return realAsInt(text.text(), otherwise);
    }
    Long whole = whole(text.text(), (int) base);
    return whole != null ? whole : realAsInt(text.text(), otherwise);
  }

  private static Object realAsInt(String text, Object otherwise) {
    Double real = real(text);
    return real == null || real.isNaN() || real.isInfinite() ? otherwise : (Object) truncated(real);
  }

  static Object toFloat(Object value, JinjaArguments given) {
    Object otherwise = given.or(0, 0.0);
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.name() + " is undefined; a number is needed");
    }
    if (JinjaValue.isNumber(value)) {
      return JinjaValue.real(value);
    }
    Double real = value instanceof TracedText text ? real(text.text()) : null;
    return real == null ? otherwise : real;
  }
}
