package org.alignment4j.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.internal.host.Ahead;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.ModelFiles;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a checkpoint that loading does not need. The hash is computed on first use; the
 * tokenizer is read on another thread meanwhile, since nearly every program uses it. Thread-safe.
 */
final class LazyFiles implements AutoCloseable {
  private final Path path;
  private @Nullable ChatTokenizer tokenizer;

  /** Null if the tokenizer is not read ahead, or once it is taken from here. */
  private @Nullable Ahead<Optional<ChatTokenizer>> ahead;

  private @Nullable String hash;

  LazyFiles(Path path) {
    this.path = path;
  }

  /** The folder or file of the model. */
  Path path() {
    return path;
  }

  /** Starts to read the tokenizer. What is wrong with it is thrown at its first use. */
  synchronized void readAhead() {
    ahead = Ahead.start("tokenizer", this::readable);
  }

  /** Empty if it cannot be read: its first use then reads it again, for the sake of the error. */
  private Optional<ChatTokenizer> readable() {
    try {
      return ModelFiles.hasTokenizer(path)
          ? Optional.of(ChatTokenizer.load(path))
          : Optional.empty();
    } catch (RuntimeException | Error e) {
      return Optional.empty();
    }
  }

  private synchronized void takeRead() {
    if (ahead != null) {
      tokenizer = ahead.get().orElse(null);
      ahead = null;
    }
  }

  /**
   * @throws org.alignment4j.core.CheckpointException if the model has no tokenizer
   */
  synchronized ChatTokenizer tokenizer() {
    takeRead();
    if (tokenizer == null) {
      tokenizer = ChatTokenizer.load(path);
    }
    return tokenizer;
  }

  synchronized @Nullable ChatTokenizer tokenizerIfPresent() {
    takeRead();
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
    takeRead();
    if (tokenizer != null) {
      tokenizer.close();
      tokenizer = null;
    }
  }
}
