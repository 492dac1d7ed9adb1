package org.alignment4j.data.induction;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.alignment4j.adapter.LoraAdapter;

/** SHA-256 of a LoRA's weights and their modules, without its provenance. */
final class LoraHash {
  private LoraHash() {}

  static String of(LoraAdapter adapter) {
    MessageDigest digest = digest();
    update(digest, adapter.rank() + " " + adapter.alpha());
    for (LoraAdapter.Target target : adapter.targets()) {
      update(digest, target.toString());
      update(digest, target.a());
      update(digest, target.b());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  private static void update(MessageDigest digest, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(1 << 14);
    FloatBuffer floats = bytes.asFloatBuffer();
    for (int from = 0; from < values.length; from += floats.capacity()) {
      int n = Math.min(floats.capacity(), values.length - from);
      floats.clear().put(values, from, n);
      bytes.clear().limit(n * Float.BYTES);
      digest.update(bytes);
    }
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
