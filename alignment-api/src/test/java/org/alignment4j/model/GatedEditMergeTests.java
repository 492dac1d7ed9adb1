package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.core.Layer;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An edit merged into weights computes what its view computes, or is refused by name. */
class GatedEditMergeTests {
  private static final double NEAR = 5e-5;
  private static final int D = 24;

  @TempDir Path folder;

  static GatedEdit everywhere(int blocks, Affine map, double gate) {
    List<Change> changes = new ArrayList<>();
    for (int l = 0; l <= blocks; l++) {
      for (Site site : Site.values()) {
        if (l > 0 || site == Site.BLOCK) {
          changes.add(new Change(new Layer(l), site, Positions.ALL, map, Gate.constant(gate)));
        }
      }
    }
    return new GatedEdit(changes, TunedBlockTests.provenance());
  }

  /** -Q Q^T of two orthonormal columns, and a shift within their span. */
  private static Affine plane(Random random, boolean shifted) {
    float[] first = BatchSteering.unit(TinyModels.noise(random, D));
    float[] second = TinyModels.noise(random, D);
    double along = 0;
    for (int i = 0; i < D; i++) {
      along += (double) first[i] * second[i];
    }
    for (int i = 0; i < D; i++) {
      second[i] -= (float) (along * first[i]);
    }
    second = BatchSteering.unit(second);
    float[] u = new float[2 * D];
    float[] v = new float[2 * D];
    float[] b = new float[D];
    for (int i = 0; i < D; i++) {
      u[2 * i] = -first[i];
      u[2 * i + 1] = -second[i];
      v[i] = first[i];
      v[D + i] = second[i];
      b[i] = shifted ? 2 * first[i] - second[i] : 0;
    }
    return new Affine(2, u, v, b);
  }

  private void assertMerged(Path base, GatedEdit edit) throws IOException {
    List<int[]> ids = List.of(TinyModels.ids(new Random(3), 7), TinyModels.ids(new Random(4), 2));
    Path out = folder.resolve("merged");
    edit.merge(base, out);
    try (LanguageModel model = LanguageModel.load(base);
        LanguageModel view = model.with(edit);
        LanguageModel merged = LanguageModel.load(out)) {
      float[][] expected = view.nextTokenLogitsIds(ids);
      float[][] found = merged.nextTokenLogitsIds(ids);
      for (int i = 0; i < ids.size(); i++) {
        assertTrue(TinyModels.relative(found[i], expected[i]) < NEAR, "sequence " + i);
        assertTrue(
            TinyModels.relative(expected[i], model.nextTokenLogitsIds(ids)[i]) > 1e-2,
            "the edit matters");
        assertArrayEquals(
            view.generateIds(ids, Generation.greedy(5)).get(i).ids(),
            merged.generateIds(ids, Generation.greedy(5)).get(i).ids());
      }
    }
    assertTrue(Files.exists(out.resolve("provenance.json")));
  }

  @ParameterizedTest
  @EnumSource(
      value = Family.class,
      names = {"GEMMA2", "GEMMA"},
      mode = EnumSource.Mode.EXCLUDE)
  void aMergedProjectionAndShiftAreThoseOfTheView(Family family) throws IOException {
    // Even seeds make tied embeddings, odd ones untied.
    Path base = TinyModels.write(folder.resolve("base"), family, 0, 30 + family.ordinal());
    assertMerged(base, everywhere(3, plane(new Random(family.ordinal()), true), 1));
  }

  @Test
  void tiedAndUntiedModelsAndScaledEmbeddingsAreMerged() throws IOException {
    float[] r = TinyModels.noise(new Random(1), D);
    GatedEdit edit = everywhere(3, Affine.minusProjection(r), 1);
    for (boolean tied : new boolean[] {true, false}) {
      Path base = TinyModels.write(folder.resolve("b" + tied), Family.QWEN2, 3, tied, 0, 40);
      assertMerged(base, edit);
      TinyModels.remove(folder.resolve("merged"));
    }
    Path gemma = TinyModels.write(folder.resolve("gemma"), Family.GEMMA, 3, true, 0, 41);
    assertMerged(gemma, edit);
  }

  @Test
  void shardsOfATiedModelAreMergedWithTheirIndex() throws IOException {
    Path base = TinyModels.write(folder.resolve("base"), Family.LLAMA, 3, true, 0, 42);
    StringBuilder index = new StringBuilder();
    List<List<TensorSource>> shards = List.of(new ArrayList<>(), new ArrayList<>());
    Path whole = base.resolve("model.safetensors");
    try (SafetensorsFile in = SafetensorsFile.open(whole)) {
      for (TensorInfo t : in.tensors().values()) {
        int shard = index.length() % 2;
        shards
            .get(shard)
            .add(TensorSource.of(t.name(), StorageType.F32, t.shape(), in.floats(t.name())));
        index.append(index.isEmpty() ? "" : ",");
        index.append("\"" + t.name() + "\":\"" + shard(shard) + "\"");
      }
    }
    Files.delete(whole);
    for (int i = 0; i < 2; i++) {
      SafetensorsWriter.write(base.resolve(shard(i)), Map.of(), shards.get(i));
    }
    Files.writeString(
        base.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + index + "}}");
    assertMerged(
        base, everywhere(3, Affine.minusProjection(TinyModels.noise(new Random(2), D)), 1));
  }

  private static String shard(int i) {
    return "model-0000" + (i + 1) + "-of-00002.safetensors";
  }

  private static void refused(
      Class<? extends RuntimeException> type, Path base, GatedEdit edit, String named) {
    Path out = base.resolveSibling("refused");
    String message = assertThrows(type, () -> edit.merge(base, out)).getMessage();
    assertTrue(message.contains(named), message);
    assertTrue(!Files.exists(out), "nothing is written");
  }

  @Test
  void whatWeightsCannotExpressIsRefusedByName() throws IOException {
    Path base = TinyModels.write(folder.resolve("base"), Family.LLAMA, 0, 31);
    Random random = new Random(5);
    float[] r = TinyModels.noise(random, D);
    Affine map = Affine.minusProjection(r);
    Class<IllegalArgumentException> bad = IllegalArgumentException.class;
    refused(bad, base, everywhere(3, map, 0.5), "layer 0, BLOCK");
    refused(bad, base, everywhere(3, Affine.constant(r), 1), "constant b");
    float[] off = BatchSteering.unit(r);
    off[0] += 1;
    refused(bad, base, everywhere(3, new Affine(1, map.u(), map.v(), off), 1), "bias");
    refused(bad, base, everywhere(2, map, 1), "layer 3, ATTENTION");
    refused(bad, base, everywhere(4, map, 1), "layer 4");
    List<Change> some = new ArrayList<>(everywhere(3, map, 1).changes());
    Change last = some.remove(some.size() - 1);
    some.add(new Change(last.layer(), last.site(), Positions.PROMPT, map, Gate.constant(1)));
    refused(bad, base, new GatedEdit(some, TunedBlockTests.provenance()), "PROMPT");
    some.set(
        6,
        new Change(
            last.layer(),
            last.site(),
            Positions.ALL,
            Affine.minusProjection(off),
            Gate.constant(1)));
    refused(bad, base, new GatedEdit(some, TunedBlockTests.provenance()), "differs");
    Gate gate =
        Gate.above(
            new Gate.Reading(
                new Layer(0), Gate.Reading.State.EACH_TOKEN, Gate.Reading.Measure.PROJECTION, r),
            0);
    some.set(6, new Change(last.layer(), last.site(), Positions.ALL, map, gate));
    refused(bad, base, new GatedEdit(some, TunedBlockTests.provenance()), "gate is not constant");
    Class<UnsupportedArchitectureException> other = UnsupportedArchitectureException.class;
    Path gemma2 = TinyModels.write(folder.resolve("gemma2"), Family.GEMMA2, 0, 31);
    refused(other, gemma2, everywhere(3, map, 1), "norms lie between");
    Path gemma = TinyModels.write(folder.resolve("gemma"), Family.GEMMA, 0, 31);
    refused(other, gemma, everywhere(3, plane(random, true), 1), "scales its embeddings");
  }
}
