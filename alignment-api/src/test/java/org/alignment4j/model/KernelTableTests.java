package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.errorprone.annotations.Immutable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.internal.tensor.Kernels;
import org.alignment4j.internal.tensor.StorageType;
import org.junit.jupiter.api.Test;

class KernelTableTests {
  private static final Path TEXTS = Path.of("src/main/resources/org/alignment4j/model");

  /** A form of three arrays per matrix, of which nothing but their number is asked. */
  @Immutable
  private record ThreeArrays() implements MatrixFormat {
    @Override
    public StorageType type() {
      return StorageType.I8;
    }

    @Override
    public MatrixFormat vectors() {
      return FloatMatrix.FLOAT32;
    }

    @Override
    public int arrays() {
      return 3;
    }

    @Override
    public long bytes(Shape shape) {
      return shape.size();
    }

    @Override
    public Matrix empty(String name, Shape shape, NDManager manager) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void addKernels(Kernels.Builder kernels, boolean oneDnn) {
      throw new UnsupportedOperationException();
    }
  }

  private static String texts() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(TEXTS)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".torchscript")).toList()) {
        Files.readString(file, StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.strip().startsWith("#"))
            .forEach(line -> all.append(line).append('\n'));
      }
    }
    return all.toString();
  }

  @Test
  void kernelsCountNoPositionByHand() throws IOException {
    // w[0] is the first array of one matrix, whose form's text this is.
    Matcher counted = Pattern.compile("\\bw\\[[^\\]]*[a-z] *[-+] *\\d[^\\]]*]").matcher(texts());
    assertTrue(!counted.find(), () -> counted.group() + " instead of a name of the table");
  }

  @Test
  void kernelsReadEveryWeightOfTheTable() throws IOException {
    Set<String> missing = new TreeSet<>(new KernelTable(FloatMatrix.FLOAT32).constants().keySet());
    Matcher words = Pattern.compile("\\b[A-Z][A-Z_]*\\b").matcher(texts());
    while (words.find()) {
      missing.remove(words.group());
    }
    assertEquals(Set.of(), missing);
  }

  @Test
  void eachArrayHasAPlaceOfItsOwn() {
    for (MatrixFormat format : List.of(FloatMatrix.FLOAT32, new ThreeArrays())) {
      KernelTable table = new KernelTable(format);
      Set<Integer> taken = new TreeSet<>();
      Map<String, Integer> constants = table.constants();
      for (BlockWeight w : BlockWeight.values()) {
        int at = constants.get(w.name());
        for (int i = 0; i < (w.isMatrix() ? format.arrays() : 1); i++) {
          assertTrue(taken.add(at + i), () -> w + " in the place of another weight");
        }
        if (w.isMatrix()) {
          assertTrue(taken.add(constants.get(w.name() + "_A")), w::name);
          assertTrue(taken.add(constants.get(w.name() + "_B")), w::name);
        }
      }
      assertEquals(new TreeSet<>(IntStream.range(0, table.stride()).boxed().toList()), taken);
    }
  }

  @Test
  void theListHoldsWhatTheConstantsSay() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray none = manager.create(new Shape(0));
      for (MatrixFormat format : List.of(FloatMatrix.FLOAT32, new ThreeArrays())) {
        KernelTable table = new KernelTable(format);
        List<ModelBlock> blocks = new ArrayList<>();
        for (int b = 0; b < 2; b++) {
          Map<BlockWeight, Matrix> own = new EnumMap<>(BlockWeight.class);
          for (BlockWeight w : BlockWeight.values()) {
            if (w != BlockWeight.QKV_BIAS) {
              own.put(w, new FloatMatrix(w.label(), manager.create(b)));
            }
          }
          LowRank.Pair change = new LowRank.Pair(manager.create(8), manager.create(9));
          blocks.add(new ModelBlock(own).with(BlockWeight.DOWN, change));
        }
        FloatMatrix embeddings = new FloatMatrix("embeddings", manager.create(20));
        FloatMatrix norm = new FloatMatrix("norm", manager.create(21));
        FloatMatrix output = new FloatMatrix("output", manager.create(22));
        List<NDArray> list = table.layout(embeddings, blocks, norm, output, none);
        Map<String, Integer> at = table.constants();

        assertEquals(2 * table.stride() + table.ends(), list.size());
        for (int b = 0; b < 2; b++) {
          int i = b * table.stride();
          ModelBlock block = blocks.get(b);
          block
              .own()
              .forEach(
                  (w, m) ->
                      assertSame(m.arrays().get(0), list.get(i + at.get(w.name())), w.name()));
          assertSame(none, list.get(i + at.get("QKV_BIAS")));
          assertSame(none, list.get(i + at.get("QKV_A")));
          LowRank.Pair change = block.changes().get(BlockWeight.DOWN);
          assertSame(change.a(), list.get(i + at.get("DOWN_A")));
          assertSame(change.b(), list.get(i + at.get("DOWN_B")));
        }
        assertSame(embeddings.array(), list.get(list.size() + at.get("EMBEDDINGS")));
        assertSame(norm.array(), list.get(list.size() + at.get("FINAL_NORM")));
        assertSame(output.array(), list.get(list.size() + at.get("OUTPUT")));
        if (format.arrays() == 3) {
          assertSame(none, list.get(at.get("GATE_UP") + 2), "a form's arrays that are not used");
        }
      }
    }
  }

  @Test
  void modulesAreRowsOfTheMatrixTheyArePartOf() {
    assertEquals(BlockWeight.QKV, BlockWeight.ofModule("self_attn.k_proj").orElseThrow());
    assertEquals(BlockWeight.GATE_UP, BlockWeight.ofModule("mlp.up_proj").orElseThrow());
    assertEquals(BlockWeight.DOWN, BlockWeight.ofModule("mlp.down_proj").orElseThrow());
    assertTrue(BlockWeight.ofModule("lm_head").isEmpty());
    assertEquals(List.of(64L, 32L, 32L), BlockWeight.QKV.rows(128, 4, 2));
    assertEquals(List.of(96L, 96L), BlockWeight.GATE_UP.rows(192, 4, 2));
    assertEquals(List.of(64L), BlockWeight.DOWN.rows(64, 4, 2));
  }
}
