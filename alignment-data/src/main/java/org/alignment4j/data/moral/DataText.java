package org.alignment4j.data.moral;

import java.nio.file.Path;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;

/** Reads small data files as text. */
final class DataText {
  private static final long MAX_BYTES = 1 << 28;

  private DataText() {}

  /**
   * @throws BadDataException if the file cannot be read, is too large, empty or not UTF-8
   */
  static String read(Path file) {
    String text = InputFile.data(file).text(MAX_BYTES);
    if (text.isBlank()) {
      throw new BadDataException(file + ": the file is empty");
    }
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  /**
   * @return an exception that names file and line, counted from 1
   */
  static BadDataException bad(Path file, long line, String problem) {
    return new BadDataException(file + ", line " + line + ": " + problem);
  }
}
