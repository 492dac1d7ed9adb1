package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Shown.quoted;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.text.StrictJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The weights of a Hugging Face model folder: {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} names. Every file's header is checked on opening. Thread-safe.
 * Pickled weights are never loaded.
 */
public final class Checkpoint implements AutoCloseable {
  private static final String TIED = "tie_word_embeddings";
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);
  private static final int COMPARED = 1 << 18;
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path origin;
  private final Map<String, SafetensorsFile> fileByTensor;
  private final List<SafetensorsFile> files;

  private Checkpoint(
      Path origin, Map<String, SafetensorsFile> fileByTensor, List<SafetensorsFile> files) {
    this.origin = origin;
    this.fileByTensor = fileByTensor;
    this.files = files;
  }

  /**
   * Opens the weights in a folder; if it has both a single file and an index, the single file.
   *
   * @throws CheckpointException if there are no safetensors weights, a shard or tensor that the
   *     index names is missing, two shards hold the same tensor, or a file is damaged
   */
  public static Checkpoint open(Path folder) {
    InputFile.checkpoint(folder).requireFolder();
    Path single = folder.resolve(SINGLE);
    if (InputFile.checkpoint(single).exists()) {
      SafetensorsFile file = SafetensorsFile.open(single);
      Map<String, SafetensorsFile> byTensor = new LinkedHashMap<>();
      file.tensors().keySet().forEach(name -> byTensor.put(name, file));
      return new Checkpoint(single, byTensor, List.of(file));
    }
    Path index = folder.resolve(INDEX);
    if (InputFile.checkpoint(index).exists()) {
      return openShards(folder, index);
    }
    throw OtherWeights.found(folder, SINGLE + " or " + INDEX);
  }

  private static Checkpoint openShards(Path folder, Path index) {
    Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    boolean complete = false;
    try {
      Map<String, String> map = ShardIndex.read(index);
      map.forEach(
          (tensor, name) -> shards.computeIfAbsent(name, n -> openShard(folder, index, n, tensor)));
      Map<String, SafetensorsFile> byTensor = byTensor(index, map, shards);
      complete = true;
      return new Checkpoint(index, byTensor, List.copyOf(shards.values()));
    } finally {
      if (!complete) {
        shards.values().forEach(SafetensorsFile::close);
      }
    }
  }

  /**
   * The shard of each tensor. As in transformers, the contents of the shards take precedence over
   * the index; a tensor in two shards is an error.
   */
  private static Map<String, SafetensorsFile> byTensor(
      Path index, Map<String, String> map, Map<String, SafetensorsFile> shards) {
    Map<String, SafetensorsFile> holders = new LinkedHashMap<>();
    for (SafetensorsFile shard : shards.values()) {
      for (String tensor : shard.tensors().keySet()) {
        SafetensorsFile other = holders.put(tensor, shard);
        if (other != null) {
          throw new CheckpointException(
              index
                  + ": tensor "
                  + quoted(tensor)
                  + " is in both "
                  + other.path().getFileName()
                  + " and "
                  + shard.path().getFileName());
        }
      }
    }
    Map<String, SafetensorsFile> byTensor = new LinkedHashMap<>();
    List<String> elsewhere = new ArrayList<>();
    map.forEach(
        (tensor, name) -> {
          SafetensorsFile holder = holders.remove(tensor);
          if (holder == null) {
            throw new CheckpointException(
                index
                    + ": expected tensor "
                    + quoted(tensor)
                    + " in "
                    + index.resolveSibling(name)
                    + ", found none there");
          }
          byTensor.put(tensor, holder);
          if (holder != shards.get(name)) {
            elsewhere.add(tensor);
          }
        });
    elsewhere.addAll(holders.keySet());
    byTensor.putAll(holders);
    if (!elsewhere.isEmpty()) {
      LOG.warn(
          "{}: {} tensors are in other shards than the index states, such as {}; the contents of the"
              + " shards take precedence",
          index,
          elsewhere.size(),
          quoted(elsewhere.get(0)));
    }
    return byTensor;
  }

  private static SafetensorsFile openShard(Path folder, Path index, String name, String tensor) {
    Path shard = folder.resolve(name);
    if (!InputFile.checkpoint(shard).exists()) {
      throw new CheckpointException(
          index
              + ": expected shard "
              + quoted(name)
              + " (with tensor "
              + quoted(tensor)
              + "), found no such file; the download may be incomplete");
    }
    return SafetensorsFile.open(shard);
  }

  /** The names of all tensors, in the order of the file's data or of the index. */
  public Set<String> names() {
    return Collections.unmodifiableSet(fileByTensor.keySet());
  }

  /** Whether there is a tensor of this name. */
  public boolean contains(String name) {
    return fileByTensor.containsKey(name);
  }

  /**
   * One tensor's type, shape and offset in its file.
   *
   * @throws CheckpointException if there is no such tensor
   */
  public TensorInfo info(String name) {
    return file(name).info(name);
  }

  /** The safetensors files that hold the weights. */
  public List<Path> files() {
    return files.stream().map(SafetensorsFile::path).toList();
  }

  /** Reads part of a tensor as float32; see {@link SafetensorsFile#read}. */
  public void read(String name, long firstElement, FloatBuffer into) {
    file(name).read(name, firstElement, into);
  }

  /** Reads a whole tensor as float32; see {@link SafetensorsFile#floats}. */
  public float[] floats(String name) {
    return file(name).floats(name);
  }

  /**
   * Whether two tensors have the same shape and, as float32, the same values.
   *
   * @throws CheckpointException if one of the tensors does not exist or is not of a float type
   */
  public boolean sameValues(String one, String other) {
    TensorInfo info = info(one);
    if (!Arrays.equals(info.shape(), info(other).shape())) {
      return false;
    }
    long elements = 1;
    for (long size : info.shape()) {
      elements *= size;
    }
    FloatBuffer a = FloatBuffer.allocate(COMPARED);
    FloatBuffer b = FloatBuffer.allocate(COMPARED);
    for (long first = 0; first < elements; first += COMPARED) {
      int count = (int) Math.min(COMPARED, elements - first);
      read(one, first, a.clear().limit(count));
      read(other, first, b.clear().limit(count));
      if (!a.flip().equals(b.flip())) {
        return false;
      }
    }
    return true;
  }

  /** Whether the output layer has other values than the embeddings. */
  public boolean hasOwnHead() {
    return contains(EMBEDDINGS) && contains(HEAD) && !sameValues(EMBEDDINGS, HEAD);
  }

  /**
   * Marks the output layer of a checkpoint as not tied to the embeddings in its configuration: a
   * flag that ties it, set or by the family's default, is ignored by some programs but not by
   * others. Writes nothing if there is no such flag or no configuration.
   *
   * @throws CheckpointException if the configuration cannot be read or written
   */
  public static void untieHead(Path folder) {
    InputFile file = InputFile.checkpoint(folder.resolve("config.json"));
    if (!file.exists()) {
      return;
    }
    JsonObject config = file.json(InputFile.SETTINGS);
    boolean byDefault =
        config.get("model_type") instanceof JsonPrimitive type
            && type.getAsString().startsWith("gemma");
    JsonPrimitive usual = new JsonPrimitive(byDefault);
    if (new JsonPrimitive(true).equals(config.has(TIED) ? config.get(TIED) : usual)) {
      config.addProperty(TIED, false);
      OutputFile.checkpoint(file.path()).writeAll(StrictJson.pretty(config));
    }
  }

  /** Reads a whole tensor of integers; see {@link SafetensorsFile#longs}. */
  public long[] longs(String name) {
    return file(name).longs(name);
  }

  /** Reads part of a tensor's bytes; see {@link SafetensorsFile#readRaw}. */
  public void readRaw(String name, long firstByte, ByteBuffer into) {
    file(name).readRaw(name, firstByte, into);
  }

  /** The open file that holds a tensor. */
  SafetensorsFile file(String name) {
    SafetensorsFile file = fileByTensor.get(name);
    if (file == null) {
      throw new CheckpointException(origin + ": expected tensor " + quoted(name) + ", found none");
    }
    return file;
  }

  /** Closes all files. */
  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
