package org.alignment4j.sysformer;

import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.EncodedMessages.TokenRange;

/**
 * A request as the model reads it.
 *
 * @param encoded system prompt, conversation and, in training, the target
 * @param system where the system prompt's text stands
 * @param text token ids of what the user says
 * @param harmful whether the target is a refusal
 */
record GuardRow(Encoded encoded, TokenRange system, int[] text, boolean harmful) {
  /** The token ids with those of the system prompt replaced by rows {@code first} and on. */
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
