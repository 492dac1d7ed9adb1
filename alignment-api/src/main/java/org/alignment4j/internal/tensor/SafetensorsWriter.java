package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Arguments.require;
import static org.alignment4j.internal.text.Shown.quoted;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.host.OutputFile;

/**
 * Writes safetensors files of any size with one chunk in memory at a time. Writing is atomic: the
 * file is written under a temporary name in the target's folder, flushed to disk and then renamed,
 * so that an interrupted or failed write leaves an existing file unchanged.
 */
public final class SafetensorsWriter {
  private static final int CHUNK = 1 << 20;

  private SafetensorsWriter() {}

  /**
   * Writes a file, replacing an existing one. Tensors are ordered by decreasing width of their
   * types, otherwise as given, so that every element is aligned in a mapped file.
   *
   * @param file a file in an existing folder; may be a file that tensors are copied from
   * @param metadata texts for {@code __metadata__}, added to {@code "format": "pt"}
   * @param tensors tensors with distinct names
   * @throws IllegalArgumentException if names repeat or are not valid Unicode, a filler puts too
   *     few elements, or the header would exceed 100 MB
   * @throws CheckpointException if the file cannot be written
   * @throws CancelledException if the thread is interrupted
   */
  public static void write(Path file, Map<String, String> metadata, List<TensorSource> tensors) {
    List<TensorSource> ordered = new ArrayList<>(tensors);
    ordered.sort(Comparator.comparingInt((TensorSource t) -> t.type().bytes()).reversed());
    ByteBuffer header = header(metadata, ordered);
    ByteBuffer chunk = DirectMemory.allocate(CHUNK, ByteOrder.LITTLE_ENDIAN, "a tensor");
    try (OutputFile out = OutputFile.checkpoint(file)) {
      out.write(header);
      for (TensorSource tensor : ordered) {
        if (tensor.filler() instanceof TensorSource.RawFiller raw) {
          writeRaw(out, file, tensor, raw, chunk);
        } else {
          writeFloats(out, file, tensor, chunk);
        }
      }
      out.commit();
    }
  }

  private static void writeFloats(
      OutputFile out, Path file, TensorSource tensor, ByteBuffer bytes) {
    int width = tensor.type().bytes();
    long elements = tensor.bytes() / width;
    int chunk = (int) Math.min(CHUNK / width, elements);
    float[] floats = new float[chunk];
    FloatEncoder encoder = new FloatEncoder(tensor.type(), chunk);
    for (long first = 0; first < elements; first += chunk) {
      Cancellation.check("writing " + file);
      int n = (int) Math.min(chunk, elements - first);
      FloatBuffer into = FloatBuffer.wrap(floats, 0, n);
      tensor.filler().fill(first, into);
      requireFilled(tensor, into.remaining());
      encoder.encode(floats, n, bytes.clear());
      out.write(bytes.flip());
    }
  }

  private static void writeRaw(
      OutputFile out,
      Path file,
      TensorSource tensor,
      TensorSource.RawFiller filler,
      ByteBuffer bytes) {
    long total = tensor.bytes();
    for (long first = 0; first < total; first += CHUNK) {
      Cancellation.check("writing " + file);
      bytes.clear().limit((int) Math.min(CHUNK, total - first));
      filler.fillRaw(first, bytes);
      requireFilled(tensor, bytes.remaining());
      out.write(bytes.flip());
    }
  }

  private static void requireFilled(TensorSource tensor, int missing) {
    require(
        missing == 0,
        "tensor %s: the filler left %s elements of a chunk unfilled",
        quoted(tensor.name()),
        missing);
  }

  /** The header's length and text, padded with spaces to a multiple of 8 bytes. */
  private static ByteBuffer header(Map<String, String> metadata, List<TensorSource> tensors) {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("format", "pt");
    texts.putAll(metadata);
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.setHtmlSafe(false);
      json.beginObject();
      json.name(SafetensorsHeader.METADATA).beginObject();
      for (Map.Entry<String, String> entry : texts.entrySet()) {
        json.name(entry.getKey()).value(entry.getValue());
      }
      json.endObject();
      Set<String> names = new HashSet<>();
      long offset = 0;
      for (TensorSource tensor : tensors) {
        require(names.add(tensor.name()), "tensor %s occurs twice", quoted(tensor.name()));
        long end;
        try {
          end = Math.addExact(offset, tensor.bytes());
        } catch (ArithmeticException e) {
          throw new IllegalArgumentException("the tensors' sizes overflow 64 bits", e);
        }
        json.name(tensor.name()).beginObject();
        json.name("dtype").value(tensor.type().safetensorsName());
        json.name("shape").beginArray();
        for (long size : tensor.shape()) {
          json.value(size);
        }
        json.endArray();
        json.name("data_offsets").beginArray().value(offset).value(end).endArray();
        json.endObject();
        offset = end;
      }
      json.endObject();
    } catch (IOException e) {
      throw new IllegalStateException("a StringWriter does not fail", e);
    }
    ByteBuffer utf8;
    try {
      utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text.getBuffer()));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "expected names and metadata of whole Unicode characters", e);
    }
    int length = (utf8.remaining() + 7) / 8 * 8;
    require(
        length <= SafetensorsHeader.MAX_BYTES,
        "expected a header of at most %s bytes, found %s",
        SafetensorsHeader.MAX_BYTES,
        length);
    ByteBuffer header = ByteBuffer.allocate(Long.BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(length).put(utf8);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }
}
