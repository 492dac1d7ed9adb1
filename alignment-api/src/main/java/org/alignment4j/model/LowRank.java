package org.alignment4j.model;

import static org.alignment4j.core.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;

/**
 * Where a LoRA's pairs act in the kernels' fused matrices.
 *
 * @param groups the changed fused matrices with the targets on their parts
 * @param targets in the order that the groups name them
 */
record LowRank(List<Group> groups, List<Target> targets) {
  /**
   * One fused matrix of one block.
   *
   * @param layer that the block writes
   * @param slot of the matrix
   * @param places of the changed parts
   */
  record Group(Layer layer, int slot, List<Place> places) {
    /** Index of A in the block's arrays; B follows. */
    int arrays() {
      return switch (slot) {
        case 1 -> BlockLayout.WEIGHTS;
        case 5 -> BlockLayout.WEIGHTS + 2;
        case 7 -> BlockLayout.WEIGHTS + 4;
        default -> BlockLayout.WEIGHTS + 6;
      };
    }
  }

  /** Rows of a fused matrix before and after a part. */
  record Place(long before, long after) {}

  /**
   * Resolves a LoRA for a model.
   *
   * @throws CheckpointException if a target does not fit the model
   */
  static LowRank of(ModelConfig config, LoraAdapter lora) {
    Map<List<Integer>, Group> groups = new LinkedHashMap<>();
    Map<List<Integer>, List<Target>> targets = new LinkedHashMap<>();
    List<Slot> slots = BlockLayout.of(config).slots();
    for (Target t : lora.targets()) {
      if (t.layer().index() < 1 || t.layer().index() > config.blocks()) {
        throw new CheckpointException(
            "the LoRA changes " + t.module() + " of " + t.layer() + ", no block writes it");
      }
      int slot = slotOf(slots, t);
      List<Integer> key = List.of(t.layer().index(), slot);
      groups
          .computeIfAbsent(key, k -> new Group(t.layer(), slot, new ArrayList<>()))
          .places
          .add(place(slots.get(slot), t));
      targets.computeIfAbsent(key, k -> new ArrayList<>()).add(t);
    }
    List<Target> ordered = new ArrayList<>();
    targets.values().forEach(ordered::addAll);
    return new LowRank(List.copyOf(groups.values()), ordered);
  }

  /**
   * The matrices of some blocks that modules name, whole ({@code self_attn.q_proj}) or by their
   * last part ({@code q_proj}).
   */
  static List<LoraAdapter.Shape> shapes(
      ModelConfig config, Collection<String> modules, Collection<Layer> layers) {
    Map<String, Part> matrices = new LinkedHashMap<>();
    for (Slot slot : BlockLayout.of(config).slots()) {
      if (slot.isMatrix()) {
        for (Part p : slot.parts()) {
          matrices.put(p.name().substring(0, p.name().length() - ".weight".length()), p);
        }
      }
    }
    for (String module : modules) {
      require(
          matrices.keySet().stream().anyMatch(m -> named(m, module)),
          "no matrix is called %s, the model's blocks have %s",
          module,
          matrices.keySet());
    }
    List<LoraAdapter.Shape> shapes = new ArrayList<>();
    for (Layer layer : layers) {
      require(layer.index() >= 1 && layer.index() <= config.blocks(), "no block writes %s", layer);
      matrices.forEach(
          (name, part) -> {
            if (modules.stream().anyMatch(m -> named(name, m))) {
              shapes.add(
                  new LoraAdapter.Shape(layer, name, (int) part.shape()[1], (int) part.shape()[0]));
            }
          });
    }
    return shapes;
  }

  private static boolean named(String matrix, String module) {
    return matrix.equals(module) || matrix.endsWith("." + module);
  }

  private static int slotOf(List<Slot> slots, Target t) {
    List<String> known = new ArrayList<>();
    for (int s = 0; s < slots.size(); s++) {
      if (slots.get(s).isMatrix()) {
        for (Part p : slots.get(s).parts()) {
          if (p.name().equals(t.module() + ".weight")) {
            return s;
          }
          known.add(p.name().substring(0, p.name().length() - ".weight".length()));
        }
      }
    }
    throw new CheckpointException(
        "the LoRA changes " + t.module() + ", the model's blocks have " + known);
  }

  private static Place place(Slot slot, Target t) {
    long before = 0;
    for (Part p : slot.parts()) {
      if (p.name().equals(t.module() + ".weight")) {
        long[] shape = p.shape();
        if (shape[0] != t.out() || shape[1] != t.in()) {
          throw new CheckpointException(
              String.format(
                  "the LoRA's %s at %s is [%d, %d], the model's [%d, %d]",
                  t.module(), t.layer(), t.out(), t.in(), shape[0], shape[1]));
        }
        return new Place(before, slot.shape().get(0) - before - shape[0]);
      }
      before += p.shape()[0];
    }
    throw new IllegalStateException(t.module());
  }

  /** A [r, in] of each target, then B [out, r] of each, in {@code manager}. */
  List<NDArray> toNative(NDManager manager) {
    List<NDArray> arrays = new ArrayList<>();
    for (Target t : targets) {
      arrays.add(manager.create(t.a(), new Shape(t.a().length / t.in(), t.in())));
    }
    for (Target t : targets) {
      arrays.add(manager.create(t.b(), new Shape(t.out(), t.b().length / t.out())));
    }
    return arrays;
  }

  /** What the fuse kernel reads. */
  long[] plan() {
    List<Long> plan = new ArrayList<>();
    plan.add((long) groups.size());
    for (Group g : groups) {
      plan.add((long) g.places.size());
      for (Place p : g.places) {
        plan.add(p.before);
        plan.add(p.after);
      }
    }
    return plan.stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Weights with changes beside those they have.
   *
   * @param fused A and B per group, as the fuse kernel gives them
   */
  Weights applied(Weights weights, List<NDArray> fused, Decoder decoder, NDManager manager) {
    List<NDArray> blocks = new ArrayList<>(weights.blocks());
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      int at = group.layer.block() * BlockLayout.STRIDE + group.arrays();
      List<NDArray> pair = fused.subList(2 * g, 2 * g + 2);
      if (blocks.get(at).getShape().size() > 0) {
        pair = decoder.stackLowRank(manager, blocks.subList(at, at + 2), pair);
      }
      blocks.set(at, pair.get(0));
      blocks.set(at + 1, pair.get(1));
    }
    return weights.withBlocks(blocks);
  }

  /** Weights with changes added to copies of the matrices they change. */
  Weights merged(Weights weights, List<NDArray> fused, Decoder decoder, NDManager manager) {
    List<NDArray> blocks = new ArrayList<>(weights.blocks());
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      int at = group.layer.block() * BlockLayout.STRIDE + group.slot;
      blocks.set(
          at,
          decoder.mergeLowRank(manager, blocks.get(at), fused.get(2 * g), fused.get(2 * g + 1)));
    }
    return weights.withBlocks(blocks);
  }
}
