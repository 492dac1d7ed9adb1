package org.alignment4j.examples.cli.tune;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Names of methods on the command line, such as {@code rahf-scit}. */
public final class MethodName implements ITypeConverter<PreferenceMethod> {
  public static String of(PreferenceMethod method) {
    return method.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public PreferenceMethod convert(String text) {
    try {
      return parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  public static PreferenceMethod parse(String text) {
    for (PreferenceMethod m : PreferenceMethod.values()) {
      if (of(m).equals(text)) {
        return m;
      }
    }
    throw new IllegalArgumentException(
        "expected "
            + Arrays.stream(PreferenceMethod.values())
                .map(MethodName::of)
                .collect(Collectors.joining(", "))
            + ", found '"
            + text
            + "'");
  }
}
