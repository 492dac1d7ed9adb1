package org.alignment4j.internal.tensor;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes the {@code .pt} archive that the engine loads: a zip of the source text and a pickled
 * module object whose state is the attributes. Only those few pickle opcodes are ever written.
 */
final class TorchScriptArchive {
  private static final int PROTO = 0x80;
  private static final int NEWOBJ = 0x81;
  private static final int NEWTRUE = 0x88;
  private static final int NEWFALSE = 0x89;

  private TorchScriptArchive() {}

  static void write(Path file, String methods, Map<String, Object> attributes) throws IOException {
    StringBuilder code = new StringBuilder("class Kernels(Module):\n");
    code.append("  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
    attributes.forEach(
        (k, v) -> code.append("  ").append(k).append(" : ").append(type(v)).append('\n'));
    code.append(methods);
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.setMethod(ZipOutputStream.STORED);
      put(zip, "kernels/data.pkl", pickle(attributes));
      put(zip, "kernels/constants.pkl", new byte[] {(byte) PROTO, 2, ')', '.'});
      put(zip, "kernels/version", "10\n".getBytes(StandardCharsets.US_ASCII));
      put(zip, "kernels/code/__torch__.py", code.toString().getBytes(StandardCharsets.UTF_8));
    }
  }

  private static String type(Object value) {
    if (value instanceof Integer) {
      return "int";
    } else if (value instanceof Double) {
      return "float";
    } else if (value instanceof Boolean) {
      return "bool";
    } else if (value instanceof List<?>) {
      return "List[int]";
    }
    throw new IllegalArgumentException("no such attribute type: " + value.getClass());
  }

  private static byte[] pickle(Map<String, Object> attributes) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(PROTO);
    out.write(2);
    out.writeBytes("c__torch__\nKernels\n"); // GLOBAL
    out.write('q'); // BINPUT 0
    out.write(0);
    out.write(')'); // EMPTY_TUPLE
    out.write(NEWOBJ);
    out.write('}'); // EMPTY_DICT
    out.write('('); // MARK
    string(out, "training");
    out.write(NEWFALSE);
    for (Map.Entry<String, Object> e : attributes.entrySet()) {
      string(out, e.getKey());
      value(out, e.getValue());
    }
    out.write('u'); // SETITEMS
    out.write('b'); // BUILD
    out.write('.'); // STOP
    return bytes.toByteArray();
  }

  private static void value(DataOutputStream out, Object value) throws IOException {
    if (value instanceof Boolean b) {
      out.write(b ? NEWTRUE : NEWFALSE);
    } else if (value instanceof Integer i) {
      integer(out, i);
    } else if (value instanceof Double d) {
      out.write('G'); // BINFLOAT, big endian
      out.writeDouble(d);
    } else if (value instanceof List<?> list) {
      out.writeBytes("ctorch.jit._pickle\nbuild_intlist\n");
      out.write('('); // MARK
      out.write(']'); // EMPTY_LIST
      out.write('('); // MARK
      for (Object i : list) {
        integer(out, (Integer) i);
      }
      out.write('e'); // APPENDS
      out.write('t'); // TUPLE
      out.write('R'); // REDUCE
    }
  }

  private static void integer(DataOutputStream out, int value) throws IOException {
    out.write('J'); // BININT, little endian
    out.writeInt(Integer.reverseBytes(value));
  }

  private static void string(DataOutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.write('X'); // BINUNICODE
    out.writeInt(Integer.reverseBytes(utf8.length));
    out.write(utf8);
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
