package org.alignment4j.rahf;

import java.util.Arrays;
import org.alignment4j.chat.Encoded;

/**
 * One response under its own instruction and under the other one: the own instruction of a chosen
 * response is the good one.
 */
record ScitRow(Encoded own, Encoded other) {
  ScitRow {
    if (!Arrays.equals(own.responseIds(), other.responseIds())) {
      throw new IllegalArgumentException("the other instruction changes the response's tokens");
    }
  }
}
