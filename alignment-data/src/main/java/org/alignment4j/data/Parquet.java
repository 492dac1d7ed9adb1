package org.alignment4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.internal.host.InputFile;

/**
 * The entry to Parquet's classes, which are an optional dependency: only classes named
 * Parquet-something may refer to them.
 */
final class Parquet {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  /** One class of each required library. */
  private static final List<String> NEEDED =
      List.of(
          "org.apache.parquet.hadoop.ParquetFileReader",
          "org.apache.hadoop.mapreduce.lib.input.FileInputFormat");

  private Parquet() {}

  /**
   * Whether a file starts with Parquet's magic number.
   *
   * @throws BadDataException if it cannot be read
   */
  static boolean is(Path file) {
    InputFile input = InputFile.data(file);
    try (InputStream in = input.stream()) {
      return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
    } catch (IOException e) {
      throw input.failed(e);
    }
  }

  /**
   * @param columns names in lower case; others are not read
   * @param needed the required ones of them
   * @throws BadDataException if the file is not well-formed or lacks a column
   */
  static RowSource rows(Path file, List<String> columns, List<String> needed) {
    require(file);
    return new ParquetRows(file, columns, needed);
  }

  /**
   * @param out a stream to the channel; both are closed by the caller
   * @param channel the file's channel, which is also read
   */
  static RowSink sink(Path file, OutputStream out, FileChannel channel, Layout layout)
      throws IOException {
    require(file);
    return new ParquetSink(out, channel, layout);
  }

  private static void require(Path file) {
    try {
      for (String name : NEEDED) {
        Class.forName(name, false, Parquet.class.getClassLoader());
      }
    } catch (ClassNotFoundException e) {
      throw new AlignmentException(
          file
              + " is Parquet, for which two libraries are missing or one of them: add"
              + " org.apache.parquet:parquet-hadoop:1.15.2 and"
              + " org.apache.hadoop:hadoop-client-api:3.4.1 to the class path",
          e);
    }
  }
}
