package org.alignment4j.examples.cli.input;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.text.Reasons;

/**
 * A short hash of files, which distinguishes adapters written to the same folder one after another,
 * so that stored answers are not mixed up.
 */
public final class FilesHash {
  private FilesHash() {}

  /**
   * Returns eight hexadecimal digits of SHA-256 over all files of a folder, or over a single file.
   */
  public static String of(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      List<String> parts = new ArrayList<>();
      for (Path file : files.filter(f -> !Files.isDirectory(f)).sorted().toList()) {
        parts.add(folder.relativize(file).toString());
        parts.add(Hashes.sha256(file));
      }
      return Hashes.sha256(parts).substring(0, 8);
    } catch (IOException e) {
      throw new BadDataException("cannot read " + folder + ": " + Reasons.of(e), e);
    }
  }
}
