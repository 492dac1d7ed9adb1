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
 * A short hash of what lies on disk, which tells an adapter from another in the same folder, so
 * that kept answers are not mixed up.
 */
public final class FilesHash {
  private FilesHash() {}

  /** Eight hexadecimal digits of SHA-256 over all files of a folder, or over the one file. */
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
