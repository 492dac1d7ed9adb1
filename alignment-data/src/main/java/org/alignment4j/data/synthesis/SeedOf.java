package org.alignment4j.data.synthesis;

import java.util.List;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.synthesis.SourceText;

/** Seeds that follow from what an item is, never from where it stands. */
final class SeedOf {
  private SeedOf() {}

  /** The seed of a text in a run: of the run's seed, its words and its category. */
  static long text(long seed, SourceText text) {
    return of(Long.toString(seed), text.text(), text.category());
  }

  /** The seed of one request for an item. */
  static long request(long itemSeed, String role, int number, int attempt) {
    return of(Long.toString(itemSeed), role, Integer.toString(number), Integer.toString(attempt));
  }

  /** 0 or more, below 2^31: what every endpoint takes. */
  private static long of(String... parts) {
    return Long.parseLong(Hashes.sha256(List.of(parts)).substring(0, 8), 16) & 0x7fffffffL;
  }
}
