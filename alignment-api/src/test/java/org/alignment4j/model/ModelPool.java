package org.alignment4j.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.model.ModelConfig.Family;

/** Tiny models of all families, loaded when first asked for. */
final class ModelPool {
  /** Models there are: one of each family, and Mistral with a sliding window. */
  static final int KINDS = Family.values().length + 1;

  private static final int WINDOW = 4;

  private final Map<Integer, LanguageModel> models = new LinkedHashMap<>();
  private final List<Path> folders = new ArrayList<>();

  /** The model of a number, modulo {@link #KINDS}; the last one has a sliding window. */
  LanguageModel get(int kind) {
    return models.computeIfAbsent(kind % KINDS, this::load);
  }

  private LanguageModel load(int kind) {
    try {
      Path folder = Files.createTempDirectory("tiny");
      folders.add(folder);
      boolean windowed = kind == KINDS - 1;
      Family family = windowed ? Family.MISTRAL : Family.values()[kind];
      return LanguageModel.load(TinyModels.write(folder, family, windowed ? WINDOW : 0, kind));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void close() throws IOException {
    models.values().forEach(LanguageModel::close);
    models.clear();
    for (Path f : folders) {
      TinyModels.remove(f);
    }
    folders.clear();
  }
}
