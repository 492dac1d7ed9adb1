package org.alignment4j.rahf;

import java.util.Arrays;
import org.alignment4j.chat.Encoded;

/**
 * One response under the instruction that matches it (good for a chosen response, bad for a
 * rejected one) and under the other one.
 */
record ScitRow(Encoded own, Encoded other) {
  ScitRow {
    if (!Arrays.equals(own.responseIds(), other.responseIds())) {
      throw new IllegalArgumentException("the other instruction changes the response's tokens");
    }
  }
}
