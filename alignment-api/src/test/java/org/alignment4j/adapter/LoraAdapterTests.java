package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.adapter.LoraAdapter.Shape;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.core.Layer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A LoRA as a value: what it checks, where it starts, how it is scaled. */
class LoraAdapterTests {
  private static LoraAdapter of(int rank, double alpha, Target... targets) {
    return new LoraAdapter(rank, alpha, List.of(targets), Loras.PROVENANCE);
  }

  private static void refused(String named, Runnable make) {
    String message = assertThrows(IllegalArgumentException.class, make::run).getMessage();
    assertTrue(message.contains(named), message);
  }

  @Test
  void whatDoesNotFitIsRefusedByName() {
    Layer layer = new Layer(2);
    Target fine = new Target(layer, "mlp.up_proj", 3, 4, new float[6], new float[8]);
    assertEquals(2.5, of(2, 5, fine).scale());
    refused("rank", () -> of(0, 1, fine));
    refused("alpha", () -> of(2, Double.NaN, fine));
    refused("without targets", () -> of(2, 1));
    refused("layer 2, mlp.up_proj is a target twice", () -> of(2, 1, fine, fine));
    refused("A of layer 2, mlp.up_proj", () -> of(3, 1, fine));
    refused(
        "B of layer 2, mlp.up_proj",
        () -> of(2, 1, new Target(layer, "mlp.up_proj", 3, 5, new float[6], new float[8])));
    refused("layer 0", () -> new Target(new Layer(0), "m", 1, 1, new float[1], new float[1]));
    refused("from 0", () -> new Target(layer, "m", 0, 1, new float[0], new float[1]));
    refused(
        "number 1 is NaN",
        () -> new Target(layer, "m", 2, 1, new float[] {0, Float.NaN}, new float[1]));
    refused(
        "number 0 is Infinity",
        () -> new Target(layer, "m", 1, 1, new float[1], new float[] {1 / 0f}));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "q_proj.", "a..b", "a b", "a/b", "a\n"})
  void aNameThatIsNoModulesIsRefused(String module) {
    assertThrows(IllegalArgumentException.class, () -> new Shape(new Layer(1), module, 1, 1));
  }

  @Test
  void itStartsWithoutEffectAndWithPeftsSpread() {
    List<Shape> shapes =
        List.of(
            new Shape(new Layer(1), "self_attn.q_proj", 400, 30),
            new Shape(new Layer(2), "self_attn.q_proj", 25, 30));
    LoraAdapter start = LoraAdapter.initial(8, 16, shapes, 5, Loras.PROVENANCE);
    assertEquals(start, LoraAdapter.initial(8, 16, shapes, 5, Loras.PROVENANCE));
    assertNotEquals(start, LoraAdapter.initial(8, 16, shapes, 6, Loras.PROVENANCE));
    for (Target t : start.targets()) {
      assertArrayEquals(new float[30 * 8], t.b());
      double bound = 1 / Math.sqrt(t.in());
      double mean = 0;
      double square = 0;
      for (float f : t.a()) {
        assertTrue(Math.abs(f) <= bound);
        mean += f / t.a().length;
        square += (double) f * f / t.a().length;
      }
      double error = 1 / Math.sqrt(t.a().length);
      assertEquals(0, mean, 3 * bound * error);
      assertEquals(bound * bound / 3, square, bound * bound * error);
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            LoraAdapter.initial(
                1 << 20,
                1,
                List.of(new Shape(new Layer(1), "m", 1 << 20, 1)),
                0,
                Loras.PROVENANCE));
  }

  /** scale B A [out, in]; zeros if the matrix is no target. */
  private static double[] change(LoraAdapter lora, Target of) {
    double[] sum = new double[of.out() * of.in()];
    for (Target t : lora.targets()) {
      if (!t.layer().equals(of.layer()) || !t.module().equals(of.module())) {
        continue;
      }
      for (int o = 0; o < t.out(); o++) {
        for (int i = 0; i < t.in(); i++) {
          for (int r = 0; r < lora.rank(); r++) {
            sum[o * t.in() + i] +=
                lora.scale() * t.b()[o * lora.rank() + r] * t.a()[r * t.in() + i];
          }
        }
      }
    }
    return sum;
  }

  @Test
  void theSumOfTwoIsBothChanges() {
    Random random = new Random(3);
    LoraAdapter one =
        of(
            2,
            3,
            Loras.target(random, 1, "q_proj", 4, 6, 2),
            Loras.target(random, 2, "v_proj", 4, 3, 2));
    LoraAdapter other =
        of(
            3,
            1,
            Loras.target(random, 1, "q_proj", 4, 6, 3),
            Loras.target(random, 1, "k_proj", 4, 5, 3));
    LoraAdapter both = one.plus(other);
    assertEquals(5, both.rank());
    assertEquals(3, both.targets().size());
    for (Target t : both.targets()) {
      double[] expected = change(one, t);
      double[] more = change(other, t);
      for (int i = 0; i < expected.length; i++) {
        expected[i] += more[i];
      }
      assertArrayEquals(expected, change(both, t), 1e-6, t.toString());
    }
    assertEquals("test", both.provenance().settings().get("after"));
    LoraAdapter wide = of(1, 1, Loras.target(random, 1, "q_proj", 8, 6, 1));
    String message =
        assertThrows(IllegalArgumentException.class, () -> one.plus(wide)).getMessage();
    assertTrue(message.contains("q_proj"), message);
  }

  @Test
  void scalingChangesAlphaAndIsRecorded() {
    LoraAdapter lora = Loras.small();
    LoraAdapter back = lora.scaled(-1);
    assertEquals(-lora.scale(), back.scale());
    assertEquals(lora.targets(), back.targets());
    assertEquals(-1.0, back.provenance().settings().get("scaled_by"));
    assertEquals(0.5, back.scaled(-0.5).provenance().settings().get("scaled_by"));
    assertEquals(lora.provenance().inputs(), back.provenance().inputs());
    assertThrows(IllegalArgumentException.class, () -> lora.scaled(Double.NaN));
  }

  @Test
  void equalityLooksAtEveryNumber() {
    assertEquals(Loras.small(), Loras.small());
    assertEquals(Loras.small().hashCode(), Loras.small().hashCode());
    for (int part = 0; part < 2; part++) {
      LoraAdapter other = Loras.small();
      Target last = other.targets().get(2);
      (part == 0 ? last.a() : last.b())[7]++;
      assertNotEquals(Loras.small(), other);
    }
    List<Target> fewer = new ArrayList<>(Loras.small().targets());
    fewer.remove(0);
    assertNotEquals(Loras.small(), of(2, 5, fewer.toArray(Target[]::new)));
    SoftPrompt prompt = new SoftPrompt(1, 2, new float[] {1, 2}, Loras.PROVENANCE);
    assertEquals(prompt, new SoftPrompt(1, 2, new float[] {1, 2}, Loras.PROVENANCE));
    assertNotEquals(prompt, new SoftPrompt(2, 1, new float[] {1, 2}, Loras.PROVENANCE));
    assertFalse(prompt.equals(new SoftPrompt(1, 2, new float[] {1, 3}, Loras.PROVENANCE)));
    assertEquals(
        new TunedBlock.Weight(new long[] {2}, new float[] {1, 2}),
        new TunedBlock.Weight(new long[] {2}, new float[] {1, 2}));
    assertNotEquals(
        new TunedBlock(
            new Layer(1),
            Map.of("w", new TunedBlock.Weight(new long[] {2}, new float[] {1, 2})),
            Loras.PROVENANCE),
        new TunedBlock(
            new Layer(1),
            Map.of("w", new TunedBlock.Weight(new long[] {1, 2}, new float[] {1, 2})),
            Loras.PROVENANCE));
  }

  @Test
  void aSoftPromptIsWholeAndFinite() {
    float[] two = {1, Float.NaN};
    assertThrows(IllegalArgumentException.class, () -> new SoftPrompt(1, 2, two, Loras.PROVENANCE));
    assertThrows(
        IllegalArgumentException.class, () -> new SoftPrompt(1, 3, new float[2], Loras.PROVENANCE));
    assertThrows(
        IllegalArgumentException.class, () -> new SoftPrompt(0, 3, new float[0], Loras.PROVENANCE));
  }
}
