package org.alignment4j.data.filter;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.data.filter.Deduplicator.Duplicate;
import org.alignment4j.data.internal.NormalText;

/**
 * An index of normalised texts by 128-bit hashes: among a billion texts, a collision has a
 * probability of about 1 in 10^20.
 */
final class ExactIndex implements DuplicateIndex {
  private record Key(long high, long low) {}

  private final Map<Key, Integer> rows = new HashMap<>();
  private Key last = new Key(0, 0);

  @Override
  public Duplicate.Reason reason() {
    return Duplicate.Reason.EXACT;
  }

  @Override
  public Optional<Found> find(NormalText text) {
    HashCode hash = Hashing.murmur3_128().hashUnencodedChars(text.value());
    ByteBuffer bytes = ByteBuffer.wrap(hash.asBytes());
    last = new Key(bytes.getLong(), bytes.getLong());
    return Optional.ofNullable(rows.get(last)).map(row -> new Found(row, 1));
  }

  @Override
  public void keep(int row) {
    rows.put(last, row);
  }
}
