package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Shown.quoted;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The weights of a Hugging Face model folder: {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} names. Every file's header is checked on opening. Pickled weights
 * are never loaded.
 */
final class SafetensorsFolder implements Checkpoint {
  private static final Logger LOG = LoggerFactory.getLogger(SafetensorsFolder.class);
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";

  private final Path folder;

  /** The index, or the single file. */
  private final Path index;

  private final Map<String, SafetensorsFile> fileByTensor;
  private final List<SafetensorsFile> files;

  private SafetensorsFolder(
      Path folder,
      Path index,
      Map<String, SafetensorsFile> fileByTensor,
      List<SafetensorsFile> files) {
    this.folder = folder;
    this.index = index;
    this.fileByTensor = fileByTensor;
    this.files = files;
  }

  /**
   * Opens the weights in a folder; if it has both a single file and an index, the single file.
   *
   * @throws CheckpointException if there are no safetensors weights, a shard or tensor that the
   *     index names is missing, two shards hold the same tensor, or a file is damaged
   */
  static SafetensorsFolder open(Path folder) {
    InputFile.checkpoint(folder).requireFolder();
    Path single = folder.resolve(SINGLE);
    if (InputFile.checkpoint(single).exists()) {
      SafetensorsFile file = SafetensorsFile.open(single);
      Map<String, SafetensorsFile> byTensor = new LinkedHashMap<>();
      file.tensors().keySet().forEach(name -> byTensor.put(name, file));
      return new SafetensorsFolder(folder, single, byTensor, List.of(file));
    }
    Path index = folder.resolve(INDEX);
    if (InputFile.checkpoint(index).exists()) {
      return openShards(folder, index);
    }
    throw OtherWeights.found(folder, SINGLE + " or " + INDEX);
  }

  private static SafetensorsFolder openShards(Path folder, Path index) {
    Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
    boolean complete = false;
    try {
      Map<String, String> map = ShardIndex.read(index);
      map.forEach(
          (tensor, name) -> shards.computeIfAbsent(name, n -> openShard(folder, index, n, tensor)));
      Map<String, SafetensorsFile> byTensor = byTensor(index, map, shards);
      complete = true;
      return new SafetensorsFolder(folder, index, byTensor, List.copyOf(shards.values()));
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

  @Override
  public Path origin() {
    return folder;
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(fileByTensor.keySet());
  }

  @Override
  public TensorInfo info(String name) {
    return file(name).info(name);
  }

  @Override
  public List<Path> files() {
    return files.stream().map(SafetensorsFile::path).toList();
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer into) {
    file(name).read(name, firstElement, into);
  }

  @Override
  public TensorSource copy(String name) {
    return TensorSource.copy(file(name), name);
  }

  private SafetensorsFile file(String name) {
    SafetensorsFile file = fileByTensor.get(name);
    if (file == null) {
      throw new CheckpointException(index + ": expected tensor " + quoted(name) + ", found none");
    }
    return file;
  }

  /** Closes all files. */
  @Override
  public void close() {
    files.forEach(SafetensorsFile::close);
  }
}
