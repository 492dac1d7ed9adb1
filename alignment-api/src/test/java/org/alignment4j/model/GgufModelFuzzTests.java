package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.GgufTensor;
import org.alignment4j.internal.tensor.GgufType;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.GgufWriter;
import org.alignment4j.internal.tensor.ModelFiles;
import org.alignment4j.model.LanguageModel.GgufWeights;
import org.alignment4j.testing.BinaryDamage;
import org.alignment4j.testing.Fuzz;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged models in GGUF: reading configuration, weights and tokenizer, and loading, end with a
 * result or an error of the library that names the file, soon and in bounds. Damaged are the bytes
 * of the header, and, in files that are otherwise sound, values, shapes, types and names.
 */
class GgufModelFuzzTests {
  private static final Path CHAT = Path.of("src/test/resources/org/alignment4j/chat");

  /** Heap for one file, beside a multiple of its size. */
  private static final long FIXED = 32L << 20;

  private static final int TIMES_SIZE = 64;
  private static final double SECONDS = 10;

  @TempDir static Path sound;

  /** Sound files. */
  private static final List<byte[]> GOOD = new ArrayList<>();

  /** Where the tensors' data begin in each. */
  private static final List<Integer> DATA = new ArrayList<>();

  @TempDir Path folder;

  @BeforeAll
  static void models() throws IOException {
    if (!GOOD.isEmpty()) {
      return;
    }
    for (Family family : Family.values()) {
      if (family == Family.GEMMA2) { // its windows and scale are not written from scratch
        add(Path.of("src/test/resources/org/alignment4j/model/gguf/gemma2.gguf"), GgufWeights.F16);
        continue;
      }
      Path model = sound.resolve(family.name());
      RandomCheckpoint.write(config(family, 37), 3, model);
      add(model, GgufWeights.F16);
    }
    Path four = sound.resolve("four-bits");
    RandomCheckpoint.write(config(Family.LLAMA, 38, 64), 4, four);
    add(four, GgufWeights.Q4_0);
    for (String tokenizer : List.of("byte-level", "metaspace")) {
      Path model = sound.resolve(tokenizer);
      RandomCheckpoint.write(config(Family.LLAMA, 600), 5, model);
      for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
        if (Files.exists(CHAT.resolve(tokenizer).resolve(name))) {
          Files.copy(CHAT.resolve(tokenizer).resolve(name), model.resolve(name));
        }
      }
      add(model, GgufWeights.Q4_0);
    }
  }

  private static ModelConfig config(Family family, int vocabulary) {
    return config(family, vocabulary, 16);
  }

  private static ModelConfig config(Family family, int vocabulary, int head) {
    return new ModelConfig(
        family,
        vocabulary,
        2 * head,
        1,
        2,
        1,
        head,
        2 * head,
        64,
        1e-5,
        new Rope(10_000, null),
        0,
        List.of(false),
        true,
        Set.of(2));
  }

  private static void add(Path model, GgufWeights weights) throws IOException {
    Path file = sound.resolve(model.getFileName() + ".gguf");
    LanguageModel.writeGguf(model, null, weights, file);
    GOOD.add(Files.readAllBytes(file));
    try (GgufFile read = GgufFile.open(file)) {
      DATA.add(
          (int) read.tensors().values().stream().mapToLong(GgufTensor::offset).min().orElseThrow());
    }
  }

  @Test
  @Timeout(120)
  void damagedFilesAreReadOrRefused() {
    Fuzz.Tally tally = fuzz(1_500, 41, this::readAll);
    assertTrue(tally.read() > 100 && tally.refused() > 500, tally::toString);
  }

  @Test
  @Timeout(120)
  void damagedModelsAreLoadedOrRefused() {
    Fuzz.Tally tally = fuzz(150, 42, this::load);
    assertTrue(tally.read() > 10 && tally.refused() > 50, tally::toString);
    Fuzz.Tally four = fuzz(100, 45, this::loadInFourBits);
    assertTrue(four.read() > 5 && four.refused() > 30, four::toString);
  }

  @Test
  @Tag("slow")
  void manyDamagedFilesAreReadOrRefused() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    int most = Integer.getInteger("alignment4j.fuzz", 100_000);
    boolean all = Integer.getInteger("alignment4j.fuzz") != null;
    int read = 0;
    int refused = 0;
    for (int i = 0; i * 1_000 < most && (all || System.nanoTime() < end); i++) {
      Fuzz.Tally tally = fuzz(1_000, 4_300 + i, reader(i));
      read += tally.read();
      refused += tally.refused();
    }
    assertTrue(read > 1_000 && refused > read, read + " read, " + refused + " refused");
  }

  private Consumer<Path> reader(int batch) {
    return switch (batch % 20) {
      case 9 -> this::loadInFourBits;
      case 19 -> this::load;
      default -> this::readAll;
    };
  }

  private Fuzz.Tally fuzz(int count, long seed, Consumer<Path> reader) {
    Path file = folder.resolve("fuzz.gguf");
    long largest = GOOD.stream().mapToInt(b -> b.length).max().orElseThrow();
    return new Fuzz(
            file,
            folder.toString(),
            AlignmentException.class,
            SECONDS,
            TIMES_SIZE * largest + FIXED)
        .run(count, seed, this::damaged, () -> reader.accept(file));
  }

  private void readAll(Path file) {
    ModelConfig.read(file);
    if (ModelFiles.hasTokenizer(file)) {
      try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
        tokenizer.encodeText("Some words, 12 and <|im_end|>.");
      }
    }
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      checkpoint.names().forEach(checkpoint::floats);
    }
  }

  private void load(Path file) {
    load(file, Precision.defaultFor(file, Device.cpu()));
  }

  private void loadInFourBits(Path file) {
    load(file, Precision.INT4);
  }

  private static void load(Path file, Precision precision) {
    try (LanguageModel model = LanguageModel.load(file, Device.cpu(), precision)) {
      int tokens = Math.min(3, model.longestSequence());
      model.nextTokenLogitsIds(List.of(new int[tokens]));
    }
  }

  private byte[] damaged(Random random) {
    int which = random.nextInt(GOOD.size());
    byte[] good = GOOD.get(which);
    if (random.nextInt(3) == 0) {
      return rewritten(good, random);
    }
    int header = DATA.get(which);
    byte[] start = Arrays.copyOf(good, header);
    do {
      start = BinaryDamage.once(start, random);
    } while (random.nextInt(4) == 0);
    byte[] all = Arrays.copyOf(start, start.length + good.length - header);
    System.arraycopy(good, header, all, start.length, good.length - header);
    return random.nextInt(16) == 0 ? Arrays.copyOf(all, random.nextInt(all.length + 1)) : all;
  }

  /** A file in which only the meaning is damaged. */
  private byte[] rewritten(byte[] good, Random random) {
    Path from = folder.resolve("from.gguf");
    Path to = folder.resolve("to.gguf");
    try {
      Files.write(from, good);
      try (GgufFile file = GgufFile.open(from)) {
        Map<String, GgufValue> metadata = new LinkedHashMap<>(file.metadata());
        List<GgufWriter.Tensor> tensors = new ArrayList<>();
        for (GgufTensor t : file.tensors().values()) {
          tensors.add(GgufWriter.Tensor.of(t.name(), t.shape(), file.floats(t.name())));
        }
        do {
          List<String> keys = List.copyOf(metadata.keySet());
          String key = keys.get(random.nextInt(keys.size()));
          int at = random.nextInt(tensors.size());
          GgufWriter.Tensor t = tensors.get(at);
          switch (random.nextInt(6)) {
            case 0 -> metadata.remove(key);
            case 1, 2, 3 -> metadata.put(key, value(metadata.get(key), random));
            case 4 -> tensors.remove(at);
            default -> tensors.set(at, changed(t, random));
          }
        } while (random.nextInt(3) == 0 && metadata.size() > 1 && tensors.size() > 1);
        metadata.remove("general.alignment");
        GgufWriter.write(to, 3, metadata, tensors);
      }
      return Files.readAllBytes(to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static GgufValue value(GgufValue old, Random random) {
    int[] edges = {0, 1, 2, 3, 31, 32, 33, 64, 255, 65_536, 1 << 24, Integer.MAX_VALUE, -1};
    float[] floats = {0, 1, -1, 1e-30f, 1e30f, Float.NaN, Float.POSITIVE_INFINITY};
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> GgufValue.ofUint32(edges[random.nextInt(edges.length)]);
      case 3 -> GgufValue.ofFloat32(floats[random.nextInt(floats.length)]);
      case 4 -> GgufValue.of(random.nextBoolean() ? "yarn" : "\u0000 \uD83D\uDE00".repeat(3));
      case 5 -> GgufValue.ofInt32s(random.ints(random.nextInt(700), -3, 9).toArray());
      case 6 -> GgufValue.ofTexts(Collections.nCopies(random.nextInt(700), "a b"));
      default -> {
        if (old.decoded() instanceof List<?> list
            && !list.isEmpty()
            && list.get(0) instanceof String) {
          List<String> texts = new ArrayList<>();
          list.forEach(text -> texts.add((String) text));
          texts.set(random.nextInt(texts.size()), texts.get(random.nextInt(texts.size())));
          Collections.swap(texts, random.nextInt(texts.size()), random.nextInt(texts.size()));
          yield GgufValue.ofTexts(texts.subList(0, texts.size() - random.nextInt(2)));
        }
        yield GgufValue.ofBool(random.nextBoolean());
      }
    };
  }

  private static GgufWriter.Tensor changed(GgufWriter.Tensor t, Random random) {
    long[] shape = t.shape();
    if (random.nextInt(3) == 0) {
      return new GgufWriter.Tensor(
          t.name().replace("attn", "atn") + (random.nextBoolean() ? "" : ".x"),
          t.type(),
          shape,
          t.filler());
    }
    if (random.nextBoolean() && shape.length > 0 && shape[0] % 32 == 0) {
      GgufType[] types = {GgufType.Q8_0, GgufType.Q4_0, GgufType.BF16};
      return new GgufWriter.Tensor(
          t.name(), types[random.nextInt(types.length)], shape, t.filler());
    }
    long[] other =
        switch (random.nextInt(3)) {
          case 0 -> new long[] {0};
          case 1 -> new long[] {1 + random.nextInt(70), 1 + random.nextInt(70)};
          default -> new long[0];
        };
    int count = (int) Arrays.stream(other).reduce(1, (a, b) -> a * b);
    float[] values = new float[count];
    Arrays.fill(values, random.nextInt(4) == 0 ? Float.NaN : 0.1f);
    return GgufWriter.Tensor.of(t.name(), other, values);
  }

  @Test
  void headersThatClaimMoreThanTheFileHasTakeNoMemoryForIt() {
    Fuzz.Tally tally =
        new Fuzz(
                folder.resolve("lie.gguf"),
                folder.toString(),
                AlignmentException.class,
                SECONDS,
                1 << 20)
            .run(2_000, 44, GgufModelFuzzTests::lie, () -> readAll(folder.resolve("lie.gguf")));
    assertTrue(tally.read() == 0, tally::toString);
  }

  /** A short file whose header would go on for long. */
  private static byte[] lie(Random random) {
    long[] sizes = {1 << 16, 1 << 20, 1 << 30, (1L << 31) - 1, 1L << 32, 1L << 40, 1L << 62, -1};
    long much = sizes[random.nextInt(sizes.length)];
    ByteBuffer out = ByteBuffer.allocate(512).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    out.putInt(0x4655_4747).putInt(3);
    out.putLong(random.nextInt(3) == 0 ? much : 1).putLong(random.nextInt(3) == 0 ? much : 2);
    text(out, "general.architecture");
    out.putInt(8);
    text(out, "llama");
    text(out, "tokenizer.ggml.tokens");
    int kind = random.nextInt(3);
    if (kind == 0) { // an array of a type
      out.putInt(9).putInt(random.nextInt(13)).putLong(much);
    } else if (kind == 1) { // a string
      out.putInt(8).putLong(much);
    } else { // a tensor
      out.putInt(4).putInt(7);
      text(out, "token_embd.weight");
      out.putInt(1 + random.nextInt(4));
      for (int i = 0; i < 4; i++) {
        out.putLong(sizes[random.nextInt(sizes.length)]);
      }
      out.putInt(random.nextInt(31)).putLong(random.nextInt(3) == 0 ? much : 0);
    }
    return Arrays.copyOf(out.array(), out.position() + random.nextInt(200));
  }

  private static void text(ByteBuffer out, String text) {
    out.putLong(text.length()).put(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }
}
