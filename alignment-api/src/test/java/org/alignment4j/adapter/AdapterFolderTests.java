package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.jspecify.annotations.Nullable;

/** Whatever is saved is loaded as the same value, its kind told by the folder. */
class AdapterFolderTests {
  private static final List<String> MODULES =
      List.of("self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj");
  private static @Nullable Path root;

  @BeforeContainer
  static void makeFolder() throws IOException {
    root = Files.createTempDirectory("adapters");
  }

  @AfterContainer
  static void removeFolder() throws IOException {
    try (java.util.stream.Stream<Path> files = Files.walk(root())) {
      for (Path f : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(f);
      }
    }
  }

  private static Path root() {
    return java.util.Objects.requireNonNull(root);
  }

  private static Provenance provenance(Random random) {
    return new Provenance(
        "test",
        Map.of("rate", random.nextDouble(), "name", "x\u00e9" + random.nextInt()),
        random.nextLong(),
        Map.of("model", "ab"),
        Map.of("loss", random.nextDouble()));
  }

  private static LoraAdapter lora(Random random) {
    int rank = 1 + random.nextInt(5);
    List<Target> targets = new ArrayList<>();
    while (targets.isEmpty()) {
      for (int layer = 1; layer <= 12; layer++) {
        for (String module : MODULES) {
          if (random.nextInt(4) == 0) {
            targets.add(
                Loras.target(
                    random, layer, module, 1 + random.nextInt(7), 1 + random.nextInt(7), rank));
          }
        }
      }
    }
    java.util.Collections.shuffle(targets, random);
    double alpha = random.nextBoolean() ? random.nextInt(64) - 16 : random.nextGaussian();
    return new LoraAdapter(rank, alpha, targets, provenance(random));
  }

  @Property(tries = 100)
  void whatIsSavedIsLoaded(@ForAll long seed, @ForAll @IntRange(max = 4) int kind)
      throws IOException {
    Random random = new Random(seed);
    Adapter adapter =
        switch (kind) {
          case 0 -> new SoftPrompt(2, 3, Loras.normal(random, 6, 1), provenance(random));
          case 1 ->
              new TunedBlock(
                  new Layer(1 + random.nextInt(20)),
                  Map.of("w", new TunedBlock.Weight(new long[] {2, 2}, Loras.normal(random, 4, 1))),
                  provenance(random));
          case 2 -> ControlVectors.random(seed);
          case 3 -> GatedEdits.random(random, provenance(random));
          default -> lora(random);
        };
    Path folder = Files.createTempDirectory(root(), "a");
    adapter.save(folder);
    assertEquals(adapter, Adapter.load(folder));
    Set<String> hidden = new TreeSet<>();
    try (java.util.stream.Stream<Path> files = Files.list(folder)) {
      files
          .map(f -> f.getFileName().toString())
          .filter(f -> f.startsWith(".") || f.endsWith(".tmp"))
          .forEach(hidden::add);
    }
    assertEquals(Set.of(), hidden, "nothing temporary stays");
  }

  @net.jqwik.api.Example
  void noneAndSeveralAreRefused() throws IOException {
    Path folder = Files.createTempDirectory(root(), "a");
    refused(folder, "found none");
    refused(folder.resolve("absent"), "absent");
    Loras.small().save(folder);
    ControlVectors.of(2, 1, 2).save(folder);
    refused(folder, "found [adapter_config.json, control_vector.gguf]");
    Files.delete(folder.resolve("adapter_config.json"));
    assertTrue(Adapter.load(folder) instanceof ControlVector);
    Files.move(folder.resolve("control_vector.gguf"), folder.resolve("theirs.gguf"));
    assertTrue(Adapter.load(folder) instanceof ControlVector, "under any name");
  }

  @net.jqwik.api.Example
  void aDamagedTunedBlockIsRefusedByName() throws IOException {
    Path folder = Files.createTempDirectory(root(), "a");
    Path file = folder.resolve("tuned_block.safetensors");
    Map<String, String> good = Map.of("layer", "2", "provenance", Loras.PROVENANCE.toJson());
    write(file, good, new float[] {1, Float.NaN});
    refused(folder, "model.layers.1.w: expected finite numbers, found NaN at 1");
    SafetensorsWriter.write(file, good, List.of());
    refused(folder, "expected tensors of a block, found none");
    for (String provenance : List.of("", "{}", "[]", "{\"method\":{}}")) {
      write(file, Map.of("layer", "2", "provenance", provenance), new float[2]);
      refused(folder, file.toString());
    }
    write(file, Map.of("layer", "3", "provenance", Loras.PROVENANCE.toJson()), new float[2]);
    refused(folder, "model.layers.1.w is not of block 2");
  }

  private static void write(Path file, Map<String, String> metadata, float[] values) {
    SafetensorsWriter.write(
        file,
        metadata,
        List.of(
            TensorSource.of(
                "model.layers.1.w", StorageType.F32, new long[] {values.length}, values)));
  }

  private static void refused(Path folder, String named) {
    String message =
        assertThrows(CheckpointException.class, () -> Adapter.load(folder)).getMessage();
    assertTrue(message.contains(named), message);
  }
}
