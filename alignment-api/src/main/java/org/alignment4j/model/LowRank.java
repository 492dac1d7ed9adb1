package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.BlockWeight;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;

/**
 * Maps a LoRA's matrices to rows of the kernels' fused matrices.
 *
 * @param groups the changed fused matrices, each with the rows of its changed parts
 * @param targets in the order of the groups and their parts
 */
record LowRank(List<Group> groups, List<Target> targets) {
  /**
   * One fused matrix of one block.
   *
   * @param layer that the block writes
   * @param parts the rows of each changed part
   */
  record Group(Layer layer, BlockWeight matrix, List<RowPadding> parts) {}

  /** A change of one matrix: A [r, in] and B [out, r], with the scale multiplied into B. */
  record Pair(NDArray a, NDArray b) {
    List<NDArray> arrays() {
      return List.of(a, b);
    }
  }

  private record Key(Layer layer, BlockWeight matrix) {}

  /** The number of rows of a fused matrix before and after a part. */
  record RowPadding(long before, long after) {}

  /**
   * Resolves a LoRA for a model.
   *
   * @throws CheckpointException if a target does not fit the model
   */
  static LowRank of(ModelConfig config, LoraAdapter lora) {
    Map<Key, Group> groups = new LinkedHashMap<>();
    Map<Key, List<Target>> targets = new LinkedHashMap<>();
    Map<BlockWeight, Slot> slots = BlockLayout.of(config).slots();
    for (Target t : lora.targets()) {
      if (t.layer().index() < 1 || t.layer().index() > config.blocks()) {
        throw new CheckpointException(
            "the LoRA changes " + t.module() + " of " + t.layer() + ", but no block writes it");
      }
      BlockWeight matrix = matrixOf(slots, t);
      Key key = new Key(t.layer(), matrix);
      groups
          .computeIfAbsent(key, k -> new Group(k.layer, k.matrix, new ArrayList<>()))
          .parts
          .add(padding(Objects.requireNonNull(slots.get(matrix)), t));
      targets.computeIfAbsent(key, k -> new ArrayList<>()).add(t);
    }
    List<Target> ordered = new ArrayList<>();
    targets.values().forEach(ordered::addAll);
    return new LowRank(List.copyOf(groups.values()), ordered);
  }

  /**
   * The matrices of some blocks that match module names, given in full ({@code self_attn.q_proj})
   * or by their last part ({@code q_proj}).
   */
  static List<LoraAdapter.Shape> shapes(
      ModelConfig config, Collection<String> modules, Collection<Layer> layers) {
    Map<String, Part> matrices = new LinkedHashMap<>();
    for (Slot slot : BlockLayout.of(config).slots().values()) {
      if (slot.isMatrix()) {
        for (Part p : slot.parts()) {
          matrices.put(p.module(), p);
        }
      }
    }
    for (String module : modules) {
      require(
          matrices.keySet().stream().anyMatch(m -> named(m, module)),
          "no matrix is called %s; the model's blocks have %s",
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

  private static BlockWeight matrixOf(Map<BlockWeight, Slot> slots, Target t) {
    List<String> known = new ArrayList<>();
    for (Map.Entry<BlockWeight, Slot> e : slots.entrySet()) {
      if (e.getKey().isMatrix()) {
        List<String> modules = e.getValue().parts().stream().map(Part::module).toList();
        if (modules.contains(t.module())) {
          return e.getKey();
        }
        known.addAll(modules);
      }
    }
    throw new CheckpointException(
        "the LoRA changes " + t.module() + "; the model's blocks have " + known);
  }

  private static RowPadding padding(Slot slot, Target t) {
    long before = 0;
    for (Part p : slot.parts()) {
      if (p.module().equals(t.module())) {
        long[] shape = p.shape();
        if (shape[0] != t.out() || shape[1] != t.in()) {
          throw new CheckpointException(
              String.format(
                  "the LoRA's %s at %s is [%d, %d], the model's [%d, %d]",
                  t.module(), t.layer(), t.out(), t.in(), shape[0], shape[1]));
        }
        return new RowPadding(before, slot.shape().get(0) - before - shape[0]);
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

  /** The plan for the fuse kernel. */
  long[] plan() {
    List<Long> plan = new ArrayList<>();
    plan.add((long) groups.size());
    for (Group g : groups) {
      plan.add((long) g.parts.size());
      for (RowPadding p : g.parts) {
        plan.add(p.before);
        plan.add(p.after);
      }
    }
    return plan.stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Weights with these changes in addition to those they already have.
   *
   * @param fused A and B per group, as the fuse kernel returns them
   */
  Weights applied(Weights weights, List<NDArray> fused, Decoder decoder, NDManager manager) {
    List<ModelBlock> blocks = new ArrayList<>(weights.blocks());
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      ModelBlock block = blocks.get(group.layer.block());
      Pair pair = new Pair(fused.get(2 * g), fused.get(2 * g + 1));
      Pair before = block.changes().get(group.matrix);
      blocks.set(
          group.layer.block(),
          block.with(
              group.matrix, before == null ? pair : decoder.stackLowRank(manager, before, pair)));
    }
    return weights.withBlocks(blocks);
  }

  /** Weights with changes added to copies of the matrices they change. */
  Weights merged(Weights weights, List<NDArray> fused, Decoder decoder, NDManager manager) {
    List<ModelBlock> blocks = new ArrayList<>(weights.blocks());
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      ModelBlock block = blocks.get(group.layer.block());
      Pair pair = new Pair(fused.get(2 * g), fused.get(2 * g + 1));
      blocks.set(
          group.layer.block(),
          block.with(group.matrix, decoder.mergeLowRank(manager, block.get(group.matrix), pair)));
    }
    return weights.withBlocks(blocks);
  }
}
