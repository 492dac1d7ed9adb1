package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Shown.quoted;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;

/** Reads {@code model.safetensors.index.json}, the shard of each tensor. */
final class ShardIndex {
  private static final String MAP = "weight_map";
  private static final int MAX_KEYS = 1024;
  private static final int MAX_TENSORS = 1 << 20;

  private ShardIndex() {}

  /**
   * The shard's file name by tensor name, in the index's order.
   *
   * @throws CheckpointException if the index is invalid or names a shard outside its folder
   */
  static Map<String, String> read(Path index) {
    byte[] bytes = InputFile.checkpoint(index).bytes(SafetensorsHeader.MAX_BYTES);
    Map<String, String> shards = new LinkedHashMap<>();
    boolean[] found = new boolean[1];
    HeaderJson reader = new HeaderJson(index, "index", bytes);
    reader.document(
        MAX_KEYS,
        key -> {
          if (key.equals(MAP)) {
            found[0] = true;
            reader.members(
                MAP,
                MAX_TENSORS,
                tensor -> {
                  String shard = reader.string("shard of tensor " + quoted(tensor));
                  checkShard(reader, tensor, shard);
                  shards.put(tensor, shard);
                });
          } else {
            reader.skip();
          }
        });
    if (!found[0]) {
      throw new CheckpointException(index + ": expected a " + MAP + ", found none");
    }
    return shards;
  }

  private static void checkShard(HeaderJson reader, String tensor, String shard) {
    boolean plain;
    try {
      Path path = Path.of(shard);
      plain =
          !shard.isEmpty()
              && !shard.equals(".")
              && !shard.equals("..")
              && shard.indexOf('/') < 0
              && shard.indexOf('\\') < 0
              && !path.isAbsolute()
              && path.getNameCount() == 1
              && path.getRoot() == null;
    } catch (InvalidPathException e) {
      plain = false;
    }
    if (!plain) {
      throw reader.error(
          "tensor "
              + quoted(tensor)
              + ": expected a shard's plain file name in the same folder, found "
              + quoted(shard));
    }
  }
}
