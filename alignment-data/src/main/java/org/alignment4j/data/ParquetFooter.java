package org.alignment4j.data;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Comparator;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.PageEncodingStats;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;

/** The footer of a written Parquet file: metadata, its length, "PAR1". */
final class ParquetFooter {
  private static final int TAIL = 8;

  private ParquetFooter() {}

  /**
   * Sorts a file's lists of encodings. Parquet collects them in sets whose order changes from run
   * to run, so that equal rows would produce files that differ in some bytes.
   */
  static void sort(FileChannel file) throws IOException {
    long end = file.size() - TAIL;
    byte[] tail = read(file, end, TAIL);
    long start = end - littleEndian(tail).getInt(0);
    FileMetaData metadata =
        Util.readFileMetaData(new ByteArrayInputStream(read(file, start, (int) (end - start))));
    for (RowGroup group : metadata.getRow_groups()) {
      for (ColumnChunk chunk : group.getColumns()) {
        chunk.getMeta_data().getEncodings().sort(Comparator.naturalOrder());
        if (chunk.getMeta_data().isSetEncoding_stats()) {
          chunk
              .getMeta_data()
              .getEncoding_stats()
              .sort(
                  Comparator.comparing(PageEncodingStats::getPage_type)
                      .thenComparing(PageEncodingStats::getEncoding));
        }
      }
    }
    ByteArrayOutputStream sorted = new ByteArrayOutputStream();
    Util.writeFileMetaData(metadata, sorted);
    littleEndian(tail).putInt(0, sorted.size());
    sorted.write(tail);
    file.truncate(start);
    ByteBuffer bytes = ByteBuffer.wrap(sorted.toByteArray());
    while (bytes.hasRemaining()) {
      file.write(bytes, start + bytes.position());
    }
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] read(FileChannel file, long from, int length) throws IOException {
    byte[] found = new byte[length];
    ByteBuffer bytes = ByteBuffer.wrap(found);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, from + bytes.position()) < 0) {
        throw new IOException("expected " + length + " bytes at " + from + ", found the end");
      }
    }
    return found;
  }
}
