package org.alignment4j.internal.text;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;

/** One-line checks of arguments. */
public final class Arguments {
  private Arguments() {}

  /**
   * @throws IllegalArgumentException with the formatted message unless {@code condition} holds
   */
  @FormatMethod
  public static void require(boolean condition, @FormatString String format, Object... values) {
    if (!condition) {
      throw new IllegalArgumentException(Shown.message(String.format(format, values)));
    }
  }
}
