package org.alignment4j.internal.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.GgufCheckpoint;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.ModelFiles;

/** Makes a Hugging Face folder, apart from weights, of a model in either format. */
public final class ModelFolder {
  private ModelFolder() {}

  /**
   * Writes configuration, tokenizer and all else that a model has beside weights into a folder.
   *
   * @param model a folder or a GGUF file
   * @throws IOException if the folder cannot be read
   * @throws org.alignment4j.core.CheckpointException if a file cannot be read or written
   */
  public static void copy(Path model, Path out) throws IOException {
    ModelFiles.copy(model, out);
    if (GgufFile.isGguf(model) && ModelFiles.hasTokenizer(model)) {
      try (GgufCheckpoint file = GgufCheckpoint.open(model)) {
        GgufTokenizer.files(file)
            .forEach((name, text) -> OutputFile.checkpoint(out.resolve(name)).writeAll(text));
      }
    }
  }
}
