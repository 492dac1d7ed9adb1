package org.alignment4j.rahf;

import java.util.Arrays;
import org.alignment4j.chat.Encoded;

/** The part of an example that is predicted. */
final class Responses {
  private Responses() {}

  /** The response's tokens. */
  static int[] ids(Encoded e) {
    return Arrays.copyOfRange(e.ids(), e.responseStart(), e.ids().length);
  }

  /** How many tokens of it are predicted: the first token of all has nothing before it. */
  static int predicted(Encoded e) {
    return e.ids().length - Math.max(1, e.responseStart());
  }
}
