package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Shown.quoted;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a model in GGUF: of one file, or of the parts {@code NAME-00001-of-0000N.gguf} of
 * a split one, any of which may be named. Every part's header is checked on opening. Safe for use
 * by many threads at once.
 */
public final class GgufCheckpoint implements AutoCloseable {
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final String NUMBER = "split.no";
  private static final String COUNT = "split.count";
  private static final String TENSORS = "split.tensors.count";

  private final List<GgufFile> files;
  private final Map<String, GgufFile> fileByTensor;

  private GgufCheckpoint(List<GgufFile> files, Map<String, GgufFile> fileByTensor) {
    this.files = files;
    this.fileByTensor = fileByTensor;
  }

  /**
   * Opens a file, and the other parts if it is one of several.
   *
   * @throws CheckpointException if a part is missing, damaged or not what its name says, or two
   *     parts hold the same tensor
   */
  public static GgufCheckpoint open(Path path) {
    List<GgufFile> files = new ArrayList<>();
    boolean complete = false;
    try {
      for (Path part : parts(path)) {
        files.add(GgufFile.open(part));
      }
      for (int i = 0; i < files.size(); i++) {
        checkPart(files.get(i), i, files.size());
      }
      Map<String, GgufFile> byTensor = byTensor(files);
      checkCount(files.get(0), byTensor.size());
      complete = true;
      return new GgufCheckpoint(List.copyOf(files), byTensor);
    } finally {
      if (!complete) {
        files.forEach(GgufFile::close);
      }
    }
  }

  /** The file, or all parts by the name of one of them. */
  private static List<Path> parts(Path path) {
    Path name = path.getFileName();
    Matcher part = PART.matcher(name == null ? "" : name.toString());
    int count = part.matches() ? Integer.parseInt(part.group(3)) : 0;
    int number = count == 0 ? 0 : Integer.parseInt(part.group(2));
    if (number < 1 || number > count) {
      return List.of(path);
    }
    List<Path> all = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Path other =
          path.resolveSibling(
              String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", part.group(1), i, count));
      if (i != number && !InputFile.checkpoint(other).exists()) {
        throw new CheckpointException(
            path
                + ": expected "
                + count
                + " parts beside it, found no "
                + other.getFileName()
                + "; the download may be incomplete");
      }
      all.add(other);
    }
    return all;
  }

  private static void checkPart(GgufFile file, int number, int count) {
    Long foundCount = integer(file, COUNT);
    if (foundCount == null ? count > 1 : foundCount != count) {
      throw new CheckpointException(
          file.path()
              + ": expected "
              + COUNT
              + " "
              + count
              + ", as its name says, found "
              + (foundCount == null ? "none" : foundCount));
    }
    Long foundNumber = integer(file, NUMBER);
    if (foundCount != null && (foundNumber == null || foundNumber != number)) {
      throw new CheckpointException(
          file.path()
              + ": expected "
              + NUMBER
              + " "
              + number
              + ", as its name says, found "
              + (foundNumber == null ? "none" : foundNumber));
    }
  }

  private static void checkCount(GgufFile first, int tensors) {
    Long expected = integer(first, TENSORS);
    if (expected != null && expected != tensors) {
      throw new CheckpointException(
          first.path()
              + ": expected "
              + expected
              + " tensors in all parts, as "
              + TENSORS
              + " says, found "
              + tensors);
    }
  }

  private static @Nullable Long integer(GgufFile file, String key) {
    GgufValue value = file.metadata().get(key);
    if (value == null) {
      return null;
    }
    if (value.decoded() instanceof Long number) {
      return number;
    }
    throw new CheckpointException(
        file.path() + ": " + key + " is of type " + value.type() + ", expected an integer");
  }

  private static Map<String, GgufFile> byTensor(List<GgufFile> files) {
    Map<String, GgufFile> all = new LinkedHashMap<>();
    for (GgufFile file : files) {
      for (String tensor : file.tensors().keySet()) {
        GgufFile other = all.put(tensor, file);
        if (other != null) {
          throw new CheckpointException(
              file.path()
                  + ": tensor "
                  + quoted(tensor)
                  + " is in "
                  + other.path().getFileName()
                  + " too");
        }
      }
    }
    return all;
  }

  /** The metadata values by key, of the first part, which has the model's. */
  public Map<String, GgufValue> metadata() {
    return files.get(0).metadata();
  }

  /** The names of all tensors, in the order of the parts and of their headers. */
  public Set<String> names() {
    return Collections.unmodifiableSet(fileByTensor.keySet());
  }

  /** The files that hold the tensors. */
  public List<Path> files() {
    return files.stream().map(GgufFile::path).toList();
  }

  /**
   * One tensor's type, shape and place in its file.
   *
   * @throws CheckpointException if there is no such tensor
   */
  public GgufTensor info(String name) {
    return file(name).info(name);
  }

  /** Reads part of a tensor as float32; see {@link GgufFile#read}. */
  public void read(String name, long firstElement, FloatBuffer into) {
    file(name).read(name, firstElement, into);
  }

  /** Reads a whole tensor as float32; see {@link GgufFile#floats}. */
  public float[] floats(String name) {
    return file(name).floats(name);
  }

  /** Reads part of a tensor's bytes; see {@link GgufFile#readRaw}. */
  public void readRaw(String name, long firstByte, ByteBuffer into) {
    file(name).readRaw(name, firstByte, into);
  }

  /** Reads elements of a tensor of 4 bits as they are; see {@link GgufFile#readGroups}. */
  void readGroups(String name, long firstGroup, GgufGroups into) {
    file(name).readGroups(name, firstGroup, into);
  }

  private GgufFile file(String name) {
    GgufFile file = fileByTensor.get(name);
    if (file == null) {
      throw new CheckpointException(
          files.get(0).path() + ": expected tensor " + quoted(name) + ", found none");
    }
    return file;
  }

  /** Closes all files. */
  @Override
  public void close() {
    files.forEach(GgufFile::close);
  }
}
