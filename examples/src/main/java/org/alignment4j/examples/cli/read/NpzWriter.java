package org.alignment4j.examples.cli.read;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.host.OutputFile;

/**
 * Writes NumPy's {@code .npz}, a zip of arrays. The file appears complete, at {@link #finish}, or
 * not at all.
 */
final class NpzWriter implements AutoCloseable {
  private static final Charset UTF_32LE = Charset.forName("UTF-32LE");
  private static final int HEADER_ALIGNMENT = 64;

  private final Path target;
  private final OutputFile file;
  private final ZipOutputStream zip;

  private NpzWriter(Path target, OutputFile file, ZipOutputStream zip) {
    this.target = target;
    this.file = file;
    this.zip = zip;
  }

  static NpzWriter create(Path target) {
    OutputFile file = OutputFile.data(target);
    ZipOutputStream zip = new ZipOutputStream(file.stream());
    zip.setLevel(Deflater.NO_COMPRESSION); // floats hardly compress
    return new NpzWriter(target, file, zip);
  }

  /** Writes an array [N, D] of float32; at least one row. */
  void floats(String name, List<float[]> rows) {
    int width = rows.get(0).length;
    write(
        name,
        "<f4",
        rows.size() + ", " + width,
        () -> {
          byte[] bytes = new byte[width * Float.BYTES];
          for (float[] row : rows) {
            require(row.length == width, "%s: dimensions differ", name);
            Cancellation.check("writing " + target);
            littleEndian(bytes).asFloatBuffer().put(row);
            zip.write(bytes);
          }
        });
  }

  /** Writes an array [N] of int64. */
  void longs(String name, long[] values) {
    write(
        name,
        "<i8",
        values.length + ",",
        () -> {
          byte[] bytes = new byte[values.length * Long.BYTES];
          littleEndian(bytes).asLongBuffer().put(values);
          zip.write(bytes);
        });
  }

  /** Writes an array [N] of strings, padded to the longest. */
  void strings(String name, List<String> values) {
    int width = values.stream().mapToInt(v -> v.codePointCount(0, v.length())).max().orElse(1);
    write(
        name,
        "<U" + width,
        values.size() + ",",
        () -> {
          for (String value : values) {
            zip.write(java.util.Arrays.copyOf(value.getBytes(UTF_32LE), width * Integer.BYTES));
          }
        });
  }

  /** Completes the file and moves it to its final name. */
  void finish() {
    file.write(out -> zip.finish());
    file.commit();
  }

  /** Deletes the file if it was not finished. */
  @Override
  public void close() {
    file.close();
  }

  private interface Content {
    void write() throws IOException;
  }

  private void write(String name, String type, String shape, Content content) {
    file.write(
        out -> {
          zip.putNextEntry(new ZipEntry(name + ".npy"));
          zip.write(header(type, shape));
          content.write();
          zip.closeEntry();
        });
  }

  /**
   * Returns a header of version 1.0: magic, length of the rest, a Python dict padded so that the
   * data is aligned.
   */
  private static byte[] header(String type, String shape) {
    String dict = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    int before = 10;
    int padded = (before + dict.length() + HEADER_ALIGNMENT) / HEADER_ALIGNMENT * HEADER_ALIGNMENT;
    byte[] bytes = new byte[padded];
    ByteBuffer header = littleEndian(bytes);
    header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    header.put((byte) 1).put((byte) 0).putShort((short) (padded - before));
    header.put(dict.getBytes(StandardCharsets.US_ASCII));
    while (header.remaining() > 1) {
      header.put((byte) ' ');
    }
    header.put((byte) '\n');
    return bytes;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
