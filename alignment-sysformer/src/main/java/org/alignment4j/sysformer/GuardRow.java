package org.alignment4j.sysformer;

import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.EncodedMessages.TokenRange;

/**
 * An encoded request.
 *
 * @param encoded system prompt, conversation and, in training, the target
 * @param system token range of the system prompt's text
 * @param text token ids of the user messages
 * @param harmful whether the target is a refusal
 */
record GuardRow(Encoded encoded, TokenRange system, int[] text, boolean harmful) {
  /**
   * Returns the token ids with those of the system prompt replaced by the rows from {@code first}
   * on.
   */
  Encoded withRows(int first) {
    int[] ids = encoded.ids();
    for (int i = system.start(); i < system.end(); i++) {
      ids[i] = -1 - first - (i - system.start());
    }
    return new Encoded(ids, encoded.responseStart());
  }

  int[] systemIds() {
    return java.util.Arrays.copyOfRange(encoded.ids(), system.start(), system.end());
  }
}
