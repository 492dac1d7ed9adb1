package org.alignment4j.testing;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * The arrays of a NumPy {@code .npz} file by name, or of an {@code .npy} file under the name of the
 * file without its suffix: little-endian float32, float64, int32 and int64 in C order.
 */
public final class Npz {
  private static final Pattern DESCR = Pattern.compile("'descr':\\s*'([^']+)'");
  private static final Pattern FORTRAN = Pattern.compile("'fortran_order':\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");

  private record Entry(String type, List<Long> shape, ByteBuffer data) {}

  private final Map<String, Entry> entries;

  private Npz(Map<String, Entry> entries) {
    this.entries = entries;
  }

  /** Reads all arrays of {@code file}. */
  public static Npz read(Path file) throws IOException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    try (InputStream stream = Files.newInputStream(file)) {
      String fileName = String.valueOf(file.getFileName());
      if (fileName.endsWith(".npy")) {
        entries.put(withoutSuffix(fileName), readArray(stream));
        return new Npz(entries);
      }
      ZipInputStream zip = new ZipInputStream(stream);
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        entries.put(withoutSuffix(entry.getName()), readArray(zip));
      }
    }
    return new Npz(entries);
  }

  /** The names of the arrays, in the file's order. */
  public Set<String> names() {
    return entries.keySet();
  }

  /** The shape of an array; empty for a scalar. */
  public long[] shape(String name) {
    return entry(name).shape().stream().mapToLong(Long::longValue).toArray();
  }

  /** The values of a float32 array in C order. */
  public float[] floats(String name) {
    ByteBuffer data = data(name, "<f4");
    float[] values = new float[data.remaining() / Float.BYTES];
    data.asFloatBuffer().get(values);
    return values;
  }

  /** The values of a float64 array in C order. */
  public double[] doubles(String name) {
    ByteBuffer data = data(name, "<f8");
    double[] values = new double[data.remaining() / Double.BYTES];
    data.asDoubleBuffer().get(values);
    return values;
  }

  /** The values of an int64 array in C order. */
  public long[] longs(String name) {
    ByteBuffer data = data(name, "<i8");
    long[] values = new long[data.remaining() / Long.BYTES];
    data.asLongBuffer().get(values);
    return values;
  }

  /** The values of an int32 array in C order. */
  public int[] ints(String name) {
    ByteBuffer data = data(name, "<i4");
    int[] values = new int[data.remaining() / Integer.BYTES];
    data.asIntBuffer().get(values);
    return values;
  }

  /** A float32 array as rows of its last dimension, the dimensions before it flattened. */
  public float[][] rows(String name) {
    long[] shape = shape(name);
    int width = (int) shape[shape.length - 1];
    float[] values = floats(name);
    float[][] rows = new float[values.length / width][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
    }
    return rows;
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("no array " + name + " among " + entries.keySet());
    }
    return entry;
  }

  private ByteBuffer data(String name, String type) {
    Entry entry = entry(name);
    if (!entry.type().equals(type)) {
      throw new IllegalArgumentException(name + " is " + entry.type() + ", not " + type);
    }
    return entry.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static Entry readArray(InputStream stream) throws IOException {
    DataInputStream in = new DataInputStream(stream);
    byte[] magic = in.readNBytes(6);
    if (!Arrays.equals(magic, "\u0093NUMPY".getBytes(StandardCharsets.ISO_8859_1))) {
      throw new IOException("not an .npy array");
    }
    int major = in.readUnsignedByte();
    in.readUnsignedByte(); // minor
    int length =
        major == 1
            ? Short.toUnsignedInt(Short.reverseBytes(in.readShort()))
            : Integer.reverseBytes(in.readInt());
    String header = new String(in.readNBytes(length), StandardCharsets.UTF_8);
    String type = find(DESCR, header);
    String dimensions = find(SHAPE, header).replace(" ", "").replaceAll(",$", "");
    List<Long> shape =
        dimensions.isEmpty()
            ? List.of()
            : Arrays.stream(dimensions.split(",", -1)).map(Long::valueOf).toList();
    if (shape.size() > 1 && find(FORTRAN, header).equals("True")) {
      throw new IOException("Fortran order is not supported: " + header);
    }
    long bytes = Integer.parseInt(type.substring(2)) * (type.charAt(1) == 'U' ? 4L : 1L);
    for (long dimension : shape) {
      bytes *= dimension;
    }
    byte[] data = in.readAllBytes(); // to the end of this entry
    if (data.length != bytes) {
      throw new IOException("expected " + bytes + " bytes of data, found " + data.length);
    }
    return new Entry(type, shape, ByteBuffer.wrap(data));
  }

  private static String find(Pattern pattern, String header) throws IOException {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new IOException("no " + pattern + " in " + header);
    }
    return matcher.group(1);
  }

  private static String withoutSuffix(String name) {
    return name.endsWith(".npy") ? name.substring(0, name.length() - 4) : name;
  }
}
