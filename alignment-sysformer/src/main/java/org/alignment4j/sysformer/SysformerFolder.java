package org.alignment4j.sysformer;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;

/** Reads and writes the files of a Sysformer. */
final class SysformerFolder {
  private static final String CONFIG = "sysformer.json";
  private static final String TENSORS = "sysformer.safetensors";
  private static final String PROVENANCE = "provenance.json";

  private SysformerFolder() {}

  /** Contents of the configuration file. */
  private static final class Config {
    @Nullable String system_text;
    int layers = -1;
    int heads;
    int inner;
    int width;
    double scale;
  }

  static void write(Sysformer s, Path folder) {
    Config config = new Config();
    config.system_text = s.systemText();
    config.layers = s.shape().layers();
    config.heads = s.shape().heads();
    config.inner = s.shape().inner();
    config.width = s.width();
    config.scale = s.scale();
    List<TensorSource> sources = new ArrayList<>();
    Sysformer.shapes(s.shape(), s.width())
        .forEach(
            (name, dims) -> {
              long[] shape = dims.clone();
              if (shape[0] < 0) {
                shape[0] = s.systemTokens();
              }
              sources.add(TensorSource.of(name, StorageType.F32, shape, s.tensor(name)));
            });
    try {
      Files.createDirectories(folder);
      Gson gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
      OutputFile.checkpoint(folder.resolve(CONFIG)).writeAll(gson.toJson(config));
      OutputFile.checkpoint(folder.resolve(PROVENANCE)).writeAll(s.provenance().toJson());
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + folder + ": " + Reasons.of(e), e);
    }
    SafetensorsWriter.write(folder.resolve(TENSORS), Map.of(), sources);
  }

  private static String text(Path file) {
    return InputFile.checkpoint(file).text(InputFile.SETTINGS);
  }

  static Sysformer read(Path folder) {
    Path file = folder.resolve(CONFIG);
    Config config;
    Provenance provenance;
    try {
      config =
          new Gson().fromJson(InputFile.checkpoint(file).json(InputFile.SETTINGS), Config.class);
    } catch (JsonParseException e) {
      throw new CheckpointException("cannot read " + file + ": " + Reasons.of(e), e);
    }
    try {
      provenance = Provenance.fromJson(text(folder.resolve(PROVENANCE)));
    } catch (BadDataException e) {
      throw new CheckpointException(folder.resolve(PROVENANCE) + ": " + Reasons.of(e), e);
    }
    if (config == null || config.system_text == null) {
      throw new CheckpointException(file + ": expected system_text, found none");
    }
    Map<String, float[]> tensors = new LinkedHashMap<>();
    try (SafetensorsFile in = SafetensorsFile.open(folder.resolve(TENSORS))) {
      in.tensors().keySet().forEach(name -> tensors.put(name, in.floats(name)));
    }
    try {
      Sysformer.Shape shape = new Sysformer.Shape(config.layers, config.heads, config.inner);
      return new Sysformer(
          config.system_text, shape, config.width, config.scale, tensors, provenance);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(folder + ": " + Reasons.of(e), e);
    }
  }
}
