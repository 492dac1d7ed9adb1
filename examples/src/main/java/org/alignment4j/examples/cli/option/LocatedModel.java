package org.alignment4j.examples.cli.option;

import java.nio.file.Path;
import org.alignment4j.model.LanguageModel;
import picocli.CommandLine.ITypeConverter;

/** Converts a model's path, or its name in Ollama's store or the Hugging Face cache, to a path. */
public final class LocatedModel implements ITypeConverter<Path> {
  @Override
  public Path convert(String name) {
    return LanguageModel.locate(name);
  }
}
