package org.alignment4j.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Tiny random models of all families, loaded when first asked for. */
final class TinyFamilies implements AutoCloseable {
  /** Kinds go from 0 to this: a family each, and Mistral with a sliding window. */
  static final int LAST = 7;

  private static final int WINDOW = 4;

  private final Map<Integer, LanguageModel> models = new TreeMap<>();
  private final List<Path> folders = new ArrayList<>();

  /** The model of a kind; it belongs to this. */
  LanguageModel get(int kind) {
    return models.computeIfAbsent(kind, this::load);
  }

  private LanguageModel load(int kind) {
    Family[] families = Family.values();
    if (families.length != LAST) {
      throw new AssertionError("there are " + families.length + " families");
    }
    try {
      Path folder = Files.createTempDirectory("tiny");
      folders.add(folder);
      return LanguageModel.load(
          kind == LAST
              ? TinyModels.write(folder, Family.MISTRAL, WINDOW, kind)
              : TinyModels.write(folder, families[kind], 0, kind));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Closes the models and deletes their files; they can be asked for anew. */
  @Override
  public void close() {
    models.values().forEach(LanguageModel::close);
    models.clear();
    try {
      for (Path f : folders) {
        TinyModels.remove(f);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    folders.clear();
  }
}
