package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Shown.quoted;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.jspecify.annotations.Nullable;

/**
 * The checked header of a safetensors file. The check is at least as strict as the reference
 * implementation's (in addition: no duplicate keys, at most {@link #MAX_RANK} axes, bounded
 * counts), so that a malicious header takes bounded memory.
 *
 * @param metadata the {@code __metadata__} texts, in file order
 * @param tensors by name, in the order of their data
 */
record SafetensorsHeader(Map<String, String> metadata, Map<String, TensorInfo> tensors) {
  static final long MAX_BYTES = 100_000_000;
  static final String METADATA = "__metadata__";
  static final int MAX_RANK = 64;
  private static final int MAX_TENSORS = 1 << 20;
  private static final int MAX_METADATA = 1 << 16;
  private static final int MAX_KEYS = 64;

  /**
   * Parses and checks a header.
   *
   * @param json the header's bytes, with their padding
   * @param fileSize size of the whole file in bytes
   * @throws CheckpointException if the header is invalid
   */
  static SafetensorsHeader parse(Path file, byte[] json, long fileSize) {
    if (json.length == 0 || json[0] != '{') {
      throw new CheckpointException(file + ": expected the header to begin with '{'");
    }
    long dataStart = Long.BYTES + (long) json.length;
    Map<String, String> metadata = new LinkedHashMap<>();
    List<TensorInfo> infos = new ArrayList<>();
    HeaderJson reader = new HeaderJson(file, "header", json);
    reader.document(
        MAX_TENSORS,
        key -> {
          if (key.equals(METADATA)) {
            readMetadata(reader, metadata);
          } else {
            infos.add(readTensor(file, reader, key, dataStart, fileSize));
          }
        });
    return new SafetensorsHeader(
        Collections.unmodifiableMap(metadata), inDataOrder(file, infos, dataStart, fileSize));
  }

  private static void readMetadata(HeaderJson reader, Map<String, String> metadata)
      throws IOException {
    if (reader.nullNext()) {
      reader.skip();
      return;
    }
    reader.members(
        METADATA,
        MAX_METADATA,
        key -> {
          metadata.put(key, reader.string(METADATA + " " + quoted(key)));
        });
  }

  private static final class Entry {
    @Nullable String dtype;
    long @Nullable [] shape;
    long @Nullable [] offsets;
  }

  private static TensorInfo readTensor(
      Path file, HeaderJson reader, String name, long dataStart, long fileSize) throws IOException {
    String tensor = "tensor " + quoted(name);
    for (int i = 0; i < name.length(); i++) {
      if (Character.isSurrogate(name.charAt(i))) {
        if (!Character.isSurrogatePair(
            name.charAt(i), i + 1 < name.length() ? name.charAt(i + 1) : 0)) {
          throw reader.error(tensor + ": expected a name of whole Unicode characters");
        }
        i++;
      }
    }
    Entry entry = new Entry();
    reader.members(
        tensor,
        MAX_KEYS,
        key -> {
          switch (key) {
            case "dtype" -> entry.dtype = reader.string("dtype of " + tensor);
            case "shape" -> entry.shape = reader.naturals("shape of " + tensor, MAX_RANK);
            case "data_offsets" -> entry.offsets = reader.naturals("data_offsets of " + tensor, 2);
            default -> reader.skip();
          }
        });
    String dtype = entry.dtype;
    long[] shape = entry.shape;
    long[] offsets = entry.offsets;
    if (dtype == null || shape == null || offsets == null) {
      throw reader.error(tensor + ": expected dtype, shape and data_offsets");
    }
    StorageType type =
        StorageType.ofSafetensors(dtype)
            .orElseThrow(
                () ->
                    reader.error(
                        tensor
                            + ": expected dtype to be one of "
                            + Arrays.toString(StorageType.values())
                            + ", found "
                            + quoted(dtype)));
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw reader.error(
          tensor
              + ": expected data_offsets [begin, end] with begin <= end, found "
              + Arrays.toString(offsets));
    }
    if (offsets[1] > fileSize - dataStart) {
      throw reader.error(
          tensor
              + ": data_offsets "
              + Arrays.toString(offsets)
              + " reach beyond the file's "
              + (fileSize - dataStart)
              + " bytes of data; the file may be truncated");
    }
    long expected;
    try {
      expected = byteSize(type, shape);
    } catch (ArithmeticException e) {
      throw new CheckpointException(
          file + ": " + tensor + ": shape " + Arrays.toString(shape) + " overflows 64 bits", e);
    }
    if (offsets[1] - offsets[0] != expected) {
      throw reader.error(
          tensor
              + ": expected "
              + expected
              + " bytes for "
              + type
              + Arrays.toString(shape)
              + ", found data_offsets "
              + Arrays.toString(offsets)
              + " of "
              + (offsets[1] - offsets[0]));
    }
    return new TensorInfo(name, type, shape, dataStart + offsets[0], expected);
  }

  /**
   * The size of a tensor in bytes.
   *
   * @throws ArithmeticException if it, or a partial product of the shape, overflows
   */
  static long byteSize(StorageType type, long[] shape) {
    long elements = 1;
    for (long size : shape) {
      elements = Math.multiplyExact(elements, size);
    }
    return Math.multiplyExact(elements, (long) type.bytes());
  }

  /** Sorts by position and checks that the tensors cover the data exactly once. */
  private static Map<String, TensorInfo> inDataOrder(
      Path file, List<TensorInfo> infos, long dataStart, long fileSize) {
    infos.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(TensorInfo::bytes));
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    long end = dataStart;
    for (TensorInfo info : infos) {
      if (info.offset() != end) {
        throw new CheckpointException(
            file
                + ": tensor "
                + quoted(info.name())
                + (info.offset() < end ? " overlaps its predecessor" : " follows a gap")
                + ": expected data_offsets to begin at "
                + (end - dataStart)
                + ", found "
                + (info.offset() - dataStart));
      }
      end += info.bytes();
      tensors.put(info.name(), info);
    }
    if (end != fileSize) {
      throw new CheckpointException(
          file
              + ": expected the tensors to end with the file at byte "
              + fileSize
              + ", found them end at "
              + end);
    }
    return Collections.unmodifiableMap(tensors);
  }
}
