package org.alignment4j.examples.cli.read;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.model.TokenPositions;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parses token positions on the command line. */
final class PositionsConverter implements ITypeConverter<TokenPositions> {
  private static final Pattern RANGE = Pattern.compile("(-?\\d{1,9})?:(-?\\d{1,9})?");

  @Override
  public TokenPositions convert(String text) {
    return switch (text) {
      case "last" -> TokenPositions.lastPrompt();
      case "all" -> TokenPositions.all();
      case "response" -> TokenPositions.response();
      default -> range(text);
    };
  }

  private static TokenPositions range(String text) {
    Matcher matcher = RANGE.matcher(text);
    if (!matcher.matches() || "0".equals(matcher.group(2))) {
      throw new TypeConversionException(
          "'" + text + "' is not last, all, response or a range FROM:TO that holds a token");
    }
    try {
      return TokenPositions.range(number(matcher.group(1)), number(matcher.group(2)));
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** Parses a number; an omitted one is 0, which also denotes the end. */
  private static int number(@org.jspecify.annotations.Nullable String digits) {
    return digits == null ? 0 : Integer.parseInt(digits);
  }
}
