package org.alignment4j.data.synthesis;

import java.util.List;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.synthesis.SourceText;

/** Derives seeds from the content of an item, never from its position. */
final class SeedOf {
  private SeedOf() {}

  /** Returns the seed of a text in a run, from the run's seed, the text and its category. */
  static long text(long seed, SourceText text) {
    return of(Long.toString(seed), text.text(), text.category());
  }

  /** Returns the seed of one request for an item. */
  static long request(long itemSeed, String role, int number, int attempt) {
    return of(Long.toString(itemSeed), role, Integer.toString(number), Integer.toString(attempt));
  }

  /** Returns a seed from 0 to 2^31 - 1, which every endpoint accepts. */
  private static long of(String... parts) {
    return Long.parseLong(Hashes.sha256(List.of(parts)).substring(0, 8), 16) & 0x7fffffffL;
  }
}
