package org.alignment4j.adapter;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;

/** LoRAs for tests, and their files changed by hand. */
final class Loras {
  static final Provenance PROVENANCE =
      new Provenance("test", Map.of("lora_dropout", 0.25), 7, Map.of(), Map.of());

  /** The base that PEFT's adapters among the resources were made on. */
  static final Path LLAMA = resource("/parity/llama2/config.json").resolveSibling("");

  private Loras() {}

  static Path resource(String name) {
    try {
      return Path.of(Loras.class.getResource(name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** An adapter that PEFT made: qv, all or prompt. */
  static Path peft(String name) {
    return resource("peft/" + name + "/adapter_config.json").resolveSibling("");
  }

  static float[] normal(Random random, int n, double deviation) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  static Target target(Random random, int layer, String module, int in, int out, int rank) {
    return new Target(
        new Layer(layer),
        module,
        in,
        out,
        normal(random, rank * in, 0.3),
        normal(random, out * rank, 0.3));
  }

  /** Rank 2 on q_proj of layers 1 and 3 and down_proj of layer 3, of the base's sizes. */
  static LoraAdapter small() {
    Random random = new Random(3);
    return new LoraAdapter(
        2,
        5,
        List.of(
            target(random, 1, "self_attn.q_proj", 64, 64, 2),
            target(random, 3, "self_attn.q_proj", 64, 64, 2),
            target(random, 3, "mlp.down_proj", 160, 64, 2)),
        PROVENANCE);
  }

  static JsonObject config(Path folder) {
    try {
      return JsonParser.parseString(Files.readString(folder.resolve("adapter_config.json")))
          .getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void editConfig(Path folder, Consumer<JsonObject> edit) {
    JsonObject config = config(folder);
    edit.accept(config);
    try {
      Files.writeString(folder.resolve("adapter_config.json"), config.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One tensor to be stored. */
  record Stored(long[] shape, float[] values) {}

  /** The tensors of floats in a file. */
  static Map<String, Stored> tensors(Path file) {
    Map<String, Stored> tensors = new LinkedHashMap<>();
    try (SafetensorsFile in = SafetensorsFile.open(file)) {
      in.tensors().values().stream()
          .filter(t -> t.type().isFloat())
          .forEach(t -> tensors.put(t.name(), new Stored(t.shape(), in.floats(t.name()))));
    }
    return tensors;
  }

  static void write(Path file, StorageType type, Map<String, Stored> tensors) {
    List<TensorSource> sources = new ArrayList<>();
    tensors.forEach((name, t) -> sources.add(TensorSource.of(name, type, t.shape(), t.values())));
    SafetensorsWriter.write(file, Map.of(), sources);
  }

  static void editTensors(Path folder, StorageType type, Consumer<Map<String, Stored>> edit) {
    Path file = folder.resolve("adapter_model.safetensors");
    Map<String, Stored> tensors = tensors(file);
    edit.accept(tensors);
    write(file, type, tensors);
  }
}
