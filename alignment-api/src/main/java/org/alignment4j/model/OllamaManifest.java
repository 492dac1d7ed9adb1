package org.alignment4j.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * The list of files of which a model in Ollama's store consists. It is untrusted: it may name blobs
 * only.
 *
 * @param store the folder with the blobs
 * @param path of the manifest
 */
record OllamaManifest(Path store, Path path) {
  private static final String KIND = "application/vnd.ollama.image.";
  private static final String MODEL = KIND + "model";
  private static final String ADAPTER = KIND + "adapter";
  private static final long MAX_BYTES = 1 << 20;

  /** One file; the size is null if the manifest does not state it. */
  private record Layer(String type, String digest, @Nullable Long size) {}

  /**
   * The GGUF file.
   *
   * @throws CheckpointException if there is not exactly one, an adapter belongs to it, or the file
   *     is missing or incomplete
   */
  Path model() {
    List<Layer> layers = layers();
    List<Layer> models = layers.stream().filter(l -> l.type.equals(MODEL)).toList();
    if (models.isEmpty()) {
      Set<String> types =
          layers.stream().map(Layer::type).collect(Collectors.toCollection(TreeSet::new));
      throw error("expected a layer " + MODEL + ", found " + LocalModels.list(types));
    }
    List<Path> blobs = models.stream().map(this::blob).toList();
    if (blobs.size() > 1) {
      throw error(
          "expected one layer "
              + MODEL
              + ", found "
              + blobs.size()
              + "; name the file to load: "
              + LocalModels.list(blobs.stream().map(Path::toString).toList()));
    }
    List<Layer> adapters = layers.stream().filter(l -> l.type.equals(ADAPTER)).toList();
    if (!adapters.isEmpty()) {
      throw error(
          "the model is a base with an adapter ("
              + blob(adapters.get(0))
              + "), which is not applied; name the base's file to load it alone: "
              + blobs.get(0));
    }
    return blobs.get(0);
  }

  private List<Layer> layers() {
    JsonObject manifest = InputFile.checkpoint(path).json(MAX_BYTES);
    if (!(manifest.get("layers") instanceof JsonArray array)) {
      throw error("expected a list 'layers'");
    }
    List<Layer> layers = new ArrayList<>();
    for (JsonElement element : array) {
      if (!(element instanceof JsonObject layer
          && layer.get("mediaType") instanceof JsonPrimitive type
          && layer.get("digest") instanceof JsonPrimitive digest)) {
        throw error("expected a 'mediaType' and a 'digest' in every layer");
      }
      layers.add(new Layer(type.getAsString(), digest.getAsString(), size(layer.get("size"))));
    }
    return layers;
  }

  private @Nullable Long size(@Nullable JsonElement stated) {
    if (stated == null) {
      return null;
    }
    if (stated instanceof JsonPrimitive number && number.getAsString().matches("\\d{1,18}")) {
      return Long.valueOf(number.getAsString());
    }
    throw error("expected a number of bytes as 'size', found " + Shown.quoted(stated));
  }

  /** A layer's file, which exists and is complete. */
  private Path blob(Layer layer) {
    if (!layer.digest.matches("sha256[:-][0-9a-fA-F]{64}")) {
      throw error(
          "expected a digest sha256:HEX with 64 digits, found " + Shown.quoted(layer.digest));
    }
    String hex = layer.digest.substring("sha256:".length());
    Path blobs = store.resolve("blobs");
    Path blob = blobs.resolve("sha256-" + hex);
    if (!LocalModels.isWindows() && !InputFile.checkpoint(blob).exists()) {
      Path old = blobs.resolve("sha256:" + hex); // until 2024
      blob = InputFile.checkpoint(old).exists() ? old : blob;
    }
    if (!InputFile.checkpoint(blob).exists()) {
      throw error("its file " + blob + " does not exist; the download may be incomplete");
    }
    long size = InputFile.checkpoint(blob).requireRegular().size();
    if (layer.size != null && layer.size != size) {
      throw error(
          "expected "
              + layer.size
              + " bytes in "
              + blob
              + ", found "
              + size
              + "; the download may be incomplete");
    }
    return blob;
  }

  private CheckpointException error(String message) {
    return new CheckpointException(path + ": " + message);
  }
}
