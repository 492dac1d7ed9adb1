package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.GgufTensor;
import org.alignment4j.internal.tensor.GgufType;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.GgufWriter;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.Shown;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads and writes control vectors as GGUF files, in the format of llama.cpp and repeng. */
final class ControlVectorFile {
  static final String NAME = "control_vector.gguf";

  private static final Logger LOG = LoggerFactory.getLogger(ControlVectorFile.class);
  private static final String ARCHITECTURE = "controlvector";
  private static final String TENSOR = "direction.";
  private static final String HINT = "model_hint";

  /** Key of this library; other programs ignore it. */
  static final String PROVENANCE = "alignment4j.provenance";

  private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,4}");

  /** Maximum size in bytes of a metadata value that is copied into the provenance. */
  private static final int MAX_SETTING = 1 << 14;

  private ControlVectorFile() {}

  static void save(ControlVector vector, Path folder) {
    requireBlocks(vector);
    try {
      Files.createDirectories(folder);
      OutputFile.checkpoint(folder.resolve("provenance.json"))
          .writeAll(vector.provenance().toJson());
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + folder + ": " + Reasons.of(e), e);
    }
    Set<String> hints = new HashSet<>();
    collectHints(vector.provenance().settings(), hints);
    write(vector, folder.resolve(NAME), hints.size() == 1 ? hints.iterator().next() : "unknown");
  }

  /** Includes the hints of the vectors that a sum was made from. */
  private static void collectHints(Object value, Set<String> hints) {
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, inner) -> {
            if (inner instanceof String text
                && (key.equals(HINT) || key.equals(ARCHITECTURE + "." + HINT))) {
              hints.add(text);
            } else {
              collectHints(inner, hints);
            }
          });
    } else if (value instanceof Iterable<?> list) {
      list.forEach(inner -> collectHints(inner, hints));
    }
  }

  static void write(ControlVector vector, Path file, String modelHint) {
    requireBlocks(vector);
    SortedMap<Layer, float[]> directions = vector.directions();
    if (directions.firstKey().block() == 0) {
      LOG.warn("{} has a direction at layer 1, direction.0, which llama.cpp rejects", file);
    }
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    metadata.put(GgufFile.ARCHITECTURE, GgufValue.of(ARCHITECTURE));
    metadata.put(ARCHITECTURE + "." + HINT, GgufValue.of(modelHint));
    metadata.put(ARCHITECTURE + ".layer_count", GgufValue.ofUint32(directions.size()));
    metadata.put(PROVENANCE, GgufValue.of(vector.provenance().toJson()));
    List<GgufWriter.Tensor> tensors = new ArrayList<>();
    directions.forEach(
        (layer, v) ->
            tensors.add(GgufWriter.Tensor.of(TENSOR + layer.block(), new long[] {v.length}, v)));
    GgufWriter.write(file, 3, metadata, tensors);
  }

  private static void requireBlocks(ControlVector vector) {
    require(
        vector.directions().firstKey().index() > 0,
        "a GGUF file cannot store a direction at layer 0, the embeddings");
  }

  static ControlVector read(Path file) {
    try (GgufFile gguf = GgufFile.open(file, ARCHITECTURE)) {
      SortedMap<Layer, GgufTensor> tensors = new TreeMap<>();
      for (GgufTensor tensor : gguf.tensors().values()) {
        tensors.put(layer(file, tensor), tensor);
      }
      if (tensors.isEmpty()) {
        throw new CheckpointException(file + ": expected tensors direction.N, found none");
      }
      long width = gguf.tensors().values().iterator().next().elements();
      gguf.tensors().values().forEach(tensor -> check(file, tensor, width));
      SortedMap<Layer, float[]> directions = new TreeMap<>();
      tensors.forEach((layer, tensor) -> directions.put(layer, direction(gguf, tensor)));
      return new ControlVector(directions, provenance(gguf));
    }
  }

  private static Layer layer(Path file, GgufTensor tensor) {
    String name = tensor.name();
    String number = name.startsWith(TENSOR) ? name.substring(TENSOR.length()) : "";
    if (!NUMBER.matcher(number).matches()) {
      throw new CheckpointException(
          file + ": expected tensors direction.N, found " + Shown.quoted(name));
    }
    return Layer.ofBlock(Integer.parseInt(number));
  }

  private static void check(Path file, GgufTensor tensor, long width) {
    if (tensor.type() != GgufType.F32) {
      throw new CheckpointException(
          file
              + ": tensor "
              + Shown.quoted(tensor.name())
              + " has type "
              + tensor.type().number()
              + ", expected 0 (F32)");
    }
    if (tensor.shape().length != 1 || tensor.elements() != width || width == 0) {
      throw new CheckpointException(
          file
              + ": tensor "
              + tensor.name()
              + " has shape "
              + Arrays.toString(tensor.shape())
              + ", expected ["
              + Math.max(1, width)
              + "]");
    }
  }

  private static float[] direction(GgufFile file, GgufTensor tensor) {
    float[] direction = file.floats(tensor.name());
    for (int i = 0; i < direction.length; i++) {
      if (!Float.isFinite(direction[i])) {
        throw new CheckpointException(
            file.path()
                + ": tensor "
                + tensor.name()
                + ", number "
                + i
                + " is "
                + direction[i]
                + ", not finite");
      }
    }
    return direction;
  }

  private static Provenance provenance(GgufFile gguf) {
    Path file = gguf.path();
    GgufValue own = gguf.metadata().get(PROVENANCE);
    if (own != null && own.decoded() instanceof String json) {
      try {
        return Provenance.fromJson(json);
      } catch (BadDataException | IllegalArgumentException | UnsupportedOperationException e) {
        throw new CheckpointException(file + ": metadata value " + PROVENANCE + " is damaged", e);
      }
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    gguf.metadata()
        .forEach(
            (key, value) -> {
              if (value.raw().length <= MAX_SETTING) {
                settings.put(key, value.decoded());
              }
            });
    return new Provenance("gguf", settings, 0, Map.of("file", Hashes.sha256(file)), Map.of());
  }
}
