package org.alignment4j.adapter;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Provenance;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An adapter in Hugging Face's PEFT format, {@code adapter_config.json} and {@code
 * adapter_model.safetensors}, with this library's {@code provenance.json} in the same folder.
 */
final class PeftFolder {
  static final String CONFIG = "adapter_config.json";
  static final String WEIGHTS = "adapter_model.safetensors";
  static final String PROVENANCE = "provenance.json";

  /** Keys of every PEFT configuration that do not affect the meaning of the tensors. */
  private static final Set<String> COMMON =
      Set.of(
          "peft_type",
          "task_type",
          "auto_mapping",
          "base_model_name_or_path",
          "revision",
          "peft_version",
          "inference_mode",
          "runtime_config");

  private static final Logger LOG = LoggerFactory.getLogger(PeftFolder.class);

  private final Path folder;

  PeftFolder(Path folder) {
    this.folder = folder;
  }

  /** The adapter type, as PEFT names it. */
  String type() {
    return JsonFile.read(folder.resolve(CONFIG)).text("peft_type");
  }

  /**
   * Reads the configuration. A key that is neither known nor unset is rejected: PEFT adds options
   * with every version, and most of them change the meaning of the tensors. Numbers are accepted:
   * they belong to options that other keys enable, and are never unset.
   *
   * @param type the required type
   * @param known keys, besides the common ones, that are read or irrelevant
   */
  JsonFile config(String type, Set<String> known) {
    JsonFile config = JsonFile.read(folder.resolve(CONFIG));
    if (!config.text("peft_type").equals(type)) {
      throw unsupported(config, "peft_type", type);
    }
    if (config.get("task_type") != null && !config.text("task_type").equals("CAUSAL_LM")) {
      throw unsupported(config, "task_type", "CAUSAL_LM");
    }
    if (config.get("base_model_name_or_path") != null) {
      config.text("base_model_name_or_path");
    }
    for (String key : config.json().keySet()) {
      if (!COMMON.contains(key) && !known.contains(key) && !config.isUnset(key)) {
        throw unsupported(config, key, "adapters without it");
      }
    }
    return config;
  }

  static UnsupportedArchitectureException unsupported(
      JsonFile config, String key, String supported) {
    return new UnsupportedArchitectureException(
        config.path()
            + ": "
            + key
            + " = "
            + JsonFile.shown(config.json().get(key))
            + " is not supported, only "
            + supported);
  }

  /** Opens the tensors. */
  SafetensorsFile weights() {
    Path file = folder.resolve(WEIGHTS);
    Path pickle = folder.resolve("adapter_model.bin");
    if (!InputFile.checkpoint(file).exists() && InputFile.checkpoint(pickle).exists()) {
      throw new CheckpointException(
          file
              + ": expected a file, found none, only "
              + pickle.getFileName()
              + "; pickles can run code and are never loaded; convert it with PEFT:"
              + " PeftModel.from_pretrained(BASE_MODEL, FOLDER).save_pretrained(FOLDER)");
    }
    return SafetensorsFile.open(file);
  }

  /**
   * This library's provenance if present, else one with the configuration as the settings of a PEFT
   * run.
   */
  Provenance provenance(JsonFile config) {
    Path file = folder.resolve(PROVENANCE);
    if (!InputFile.checkpoint(file).exists()) {
      return new Provenance("peft", config.toMap(), 0, Map.of(), Map.of());
    }
    return provenance(file, JsonFile.read(file).json().toString());
  }

  /**
   * Parses the output of {@link Provenance#toJson}.
   *
   * @param file where the text was found, for messages
   */
  static Provenance provenance(Path file, String text) {
    try {
      return Provenance.fromJson(text);
    } catch (BadDataException | UnsupportedOperationException | IllegalArgumentException e) {
      throw new CheckpointException(file + ": " + Reasons.of(e), e);
    }
  }

  /** The members common to all configurations. */
  static JsonObject common(String type, Provenance provenance) {
    JsonObject config = new JsonObject();
    config.addProperty("peft_type", type);
    config.addProperty("task_type", "CAUSAL_LM");
    config.add("auto_mapping", JsonNull.INSTANCE);
    config.add("base_model_name_or_path", text(provenance, "base_model_name_or_path"));
    config.add("revision", text(provenance, "revision"));
    config.addProperty("inference_mode", true);
    return config;
  }

  /** A string from the run's settings, or JSON null. */
  private static JsonElement text(Provenance provenance, String key) {
    return provenance.settings().get(key) instanceof String text
        ? new JsonPrimitive(text)
        : JsonNull.INSTANCE;
  }

  /** A number from the run's settings, or JSON null. */
  static JsonElement number(Provenance provenance, String key) {
    return provenance.settings().get(key) instanceof Number n && Double.isFinite(n.doubleValue())
        ? number(n.doubleValue())
        : JsonNull.INSTANCE;
  }

  /** A number, without a fraction if it is whole: Python readers distinguish 16 from 16.0. */
  static JsonPrimitive number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1L << 53
        ? new JsonPrimitive((long) value)
        : new JsonPrimitive(value);
  }

  /**
   * Writes all three files. The tensors are complete on disk before the configuration of an earlier
   * save is deleted, and the new one is written last: whenever writing is interrupted, no
   * configuration is next to tensors of another adapter.
   */
  void write(JsonObject config, List<TensorSource> tensors, Provenance provenance) {
    Path fresh = folder.resolve("." + WEIGHTS + ".new");
    try {
      Files.createDirectories(folder);
      SafetensorsWriter.write(fresh, Map.of(), tensors);
      Files.deleteIfExists(folder.resolve(CONFIG));
      Files.move(fresh, folder.resolve(WEIGHTS), StandardCopyOption.ATOMIC_MOVE);
      write(PROVENANCE, provenance.toJson());
      write(CONFIG, StrictJson.pretty(config));
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + folder + ": " + Reasons.of(e), e);
    } finally {
      deleteQuietly(fresh);
    }
  }

  private static void deleteQuietly(Path unused) {
    try {
      Files.deleteIfExists(unused); // exists only if something failed
    } catch (IOException e) {
      LOG.warn("cannot delete {}", unused, e);
    }
  }

  private void write(String name, String text) {
    OutputFile.checkpoint(folder.resolve(name)).writeAll(text);
  }
}
