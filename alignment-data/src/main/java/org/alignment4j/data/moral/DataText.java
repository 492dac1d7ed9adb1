package org.alignment4j.data.moral;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alignment4j.core.BadDataException;

/** A small data file's text. */
final class DataText {
  private static final long MAX_BYTES = 1 << 28;

  private DataText() {}

  /**
   * @throws BadDataException if the file cannot be read, is too large or no UTF-8
   */
  static String read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new BadDataException(file + ": expected at most " + MAX_BYTES + " bytes, found more");
      }
      String text = Files.readString(file);
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new BadDataException(file + ": expected UTF-8, found something else", e);
    } catch (IOException e) {
      throw new BadDataException("cannot read " + file + ": " + e, e);
    }
  }

  /**
   * @throws BadDataException that names file and line, counted from 1
   */
  static BadDataException bad(Path file, long line, String problem) {
    return new BadDataException(file + ", line " + line + ": " + problem);
  }
}
