package org.alignment4j.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.ModelFiles;

/**
 * A path that should lead to a model: a Hugging Face folder or a GGUF file. Errors suggest what to
 * do if it is something else.
 */
record ModelPath(Path folder) {
  private static final String CONFIG = "config.json";
  private static final int LOOKED_AT = 10_000;

  /**
   * The configuration.
   *
   * @throws CheckpointException if there is none; the message says what was found instead
   */
  ModelConfig config() {
    if (!InputFile.checkpoint(folder).exists()) {
      throw new CheckpointException("no folder " + folder + hub());
    }
    if (GgufFile.isGguf(folder)) {
      return ConfigFile.read(folder, ModelFiles.config(folder));
    }
    if (Files.isRegularFile(folder)) {
      throw new CheckpointException(
          folder + ": expected a model's folder or GGUF file, found " + file());
    }
    InputFile.checkpoint(folder).requireFolder();
    Path config = folder.resolve(CONFIG);
    if (!InputFile.checkpoint(config).exists()) {
      throw new CheckpointException("no config.json in " + folder + instead());
    }
    return ConfigFile.read(config, ModelFiles.config(folder));
  }

  private String lowerCaseName() {
    return String.valueOf(folder.getFileName()).toLowerCase(Locale.ROOT);
  }

  /** A relative path of two names may be a Hugging Face repository id. */
  private String hub() {
    return folder.isAbsolute() || folder.getNameCount() != 2 || Files.exists(folder.getName(0))
        ? ""
        : "; models are not downloaded: 'hf download "
            + folder
            + " --local-dir FOLDER' downloads it; then use FOLDER";
  }

  private String file() {
    if (lowerCaseName().matches(".*\\.(bin|pt|pth|ckpt|pkl)")) {
      return "a pickle, which can run code and is never loaded; convert the model to safetensors"
          + " with transformers";
    }
    Path parent = folder.toAbsolutePath().getParent();
    return parent != null && Files.isRegularFile(parent.resolve(CONFIG))
        ? "a file; the model's folder is " + parent
        : "a file";
  }

  private String instead() {
    List<String> names;
    try (Stream<Path> files = Files.list(folder)) {
      names = files.limit(LOOKED_AT).map(f -> f.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw InputFile.checkpoint(folder).failed(e);
    }
    Path snapshots = folder.resolve("snapshots");
    if (names.contains("snapshots") && Files.isDirectory(snapshots)) {
      List<Path> models = below(snapshots);
      return "; this is a cache of the Hugging Face hub, "
          + (models.isEmpty()
              ? "with no whole model in snapshots"
              : "whose model is in " + models.get(0));
    }
    if (names.contains("adapter_config.json") || names.contains("tuned_block.safetensors")) {
      return "; this is an adapter: load the model that it was tuned on, and then the adapter";
    }
    List<String> gguf = names.stream().filter(n -> n.endsWith(".gguf")).toList();
    if (!gguf.isEmpty()) {
      return ", only GGUF; name the file: " + folder.resolve(gguf.get(0));
    }
    List<Path> models = below(folder);
    if (!models.isEmpty()) {
      return "; there is one in " + models.get(0);
    }
    if (names.contains("original")
        || names.contains("params.json")
        || names.stream().anyMatch(n -> n.startsWith("consolidated."))) {
      return "; this is the publisher's own format: get the model in the form of transformers";
    }
    return "";
  }

  private static List<Path> below(Path folder) {
    try (Stream<Path> folders = Files.list(folder)) {
      return folders
          .limit(LOOKED_AT)
          .filter(f -> Files.isRegularFile(f.resolve(CONFIG)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw InputFile.checkpoint(folder).failed(e);
    }
  }
}
