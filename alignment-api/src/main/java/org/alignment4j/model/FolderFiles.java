package org.alignment4j.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.tensor.Checkpoint;
import org.jspecify.annotations.Nullable;

/** The files of a checkpoint folder that are read only on first use. Thread-safe. */
final class FolderFiles implements AutoCloseable {
  private final Path folder;
  private @Nullable ChatTokenizer tokenizer;
  private @Nullable String hash;

  FolderFiles(Path folder) {
    this.folder = folder;
  }

  Path folder() {
    return folder;
  }

  /**
   * @throws org.alignment4j.core.CheckpointException if the folder has no tokenizer
   */
  synchronized ChatTokenizer tokenizer() {
    if (tokenizer == null) {
      tokenizer = ChatTokenizer.load(folder);
    }
    return tokenizer;
  }

  synchronized @Nullable ChatTokenizer tokenizerIfPresent() {
    return tokenizer != null || InputFile.checkpoint(folder.resolve("tokenizer.json")).exists()
        ? tokenizer()
        : null;
  }

  /** SHA-256 over the configuration and weight files. */
  synchronized String hash() {
    if (hash == null) {
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        List<String> hashes = new ArrayList<>();
        hashes.add(Hashes.sha256(folder.resolve("config.json")));
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
