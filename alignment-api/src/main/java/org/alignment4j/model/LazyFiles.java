package org.alignment4j.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.ModelFiles;
import org.jspecify.annotations.Nullable;

/** The parts of a checkpoint that are read only on first use. Thread-safe. */
final class LazyFiles implements AutoCloseable {
  private final Path path;
  private @Nullable ChatTokenizer tokenizer;
  private @Nullable String hash;

  LazyFiles(Path path) {
    this.path = path;
  }

  /** The folder or file of the model. */
  Path path() {
    return path;
  }

  /**
   * @throws org.alignment4j.core.CheckpointException if the model has no tokenizer
   */
  synchronized ChatTokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = ChatTokenizer.load(path);
    }
    return tokenizer;
  }

  synchronized @Nullable ChatTokenizer tokenizerIfPresent() {
    return tokenizer != null || ModelFiles.hasTokenizer(path) ? tokenizer() : null;
  }

  /** SHA-256 over the configuration and weight files. */
  synchronized String hash() {
    if (hash == null) {
      try (Checkpoint checkpoint = Checkpoint.open(path)) {
        List<String> hashes = new ArrayList<>();
        if (Files.isDirectory(path)) {
          hashes.add(Hashes.sha256(path.resolve("config.json")));
        }
        checkpoint.files().forEach(f -> hashes.add(Hashes.sha256(f)));
        hash = Hashes.sha256(hashes);
      }
    }
    return hash;
  }

  @Override
  public synchronized void close() {
    if (tokenizer != null) {
      tokenizer.close();
      tokenizer = null;
    }
  }
}
