package org.alignment4j.testing;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Random damage to bytes: flipped bits, cuts, splices, words of a format where they do not belong.
 */
public final class Damage {
  /** Words of JSON and numbers at the edges of what types hold. */
  public static final List<String> JSON_WORDS =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\\",
          "\\u",
          "\\ud800",
          "null",
          "true",
          "-1",
          "0",
          "1e9",
          "9223372036854775807",
          "9223372036854775808",
          "18446744073709551615",
          "4294967296",
          "[]",
          "{}",
          "\u0000",
          "é",
          "\ud83d\ude00",
          " ",
          "/*",
          "NaN",
          "[0,0]",
          "[[[[[[[[");

  private Damage() {}

  /** The bytes with one damage; the given array, not empty, stays as it is. */
  public static byte[] once(byte[] bytes, List<String> words, Random random) {
    int at = random.nextInt(bytes.length);
    int span = Math.min(bytes.length - at, 1 + random.nextInt(16));
    byte[] word = words.get(random.nextInt(words.size())).getBytes(StandardCharsets.UTF_8);
    return switch (random.nextInt(7)) {
      case 0 -> {
        byte[] copy = bytes.clone();
        copy[at] ^= (byte) (1 << random.nextInt(8));
        yield copy;
      }
      case 1 -> {
        byte[] copy = bytes.clone();
        copy[at] = (byte) random.nextInt();
        yield copy;
      }
      case 2 -> Arrays.copyOf(bytes, at); // truncated
      case 3 -> splice(bytes, at, span, new byte[0]);
      case 4 -> splice(bytes, at, 0, word);
      case 5 -> splice(bytes, at, span, word);
      default -> splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + span)); // doubled
    };
  }

  private static byte[] splice(byte[] bytes, int at, int removed, byte[] added) {
    byte[] result = new byte[bytes.length - removed + added.length];
    System.arraycopy(bytes, 0, result, 0, at);
    System.arraycopy(added, 0, result, at, added.length);
    System.arraycopy(bytes, at + removed, result, at + added.length, bytes.length - at - removed);
    return result;
  }
}
