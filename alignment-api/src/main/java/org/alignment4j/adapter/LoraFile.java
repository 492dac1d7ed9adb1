package org.alignment4j.adapter;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads and writes {@link LoraAdapter}s in PEFT's format. */
final class LoraFile {
  static final String TYPE = "LORA";
  private static final String PREFIX = "base_model.model.";

  private static final Logger LOG = LoggerFactory.getLogger(LoraFile.class);

  /** PEFT's defaults of r and lora_alpha. */
  private static final int DEFAULT = 8;

  /** Keys that are read here, or that only concern the start of training. */
  private static final Set<String> KNOWN =
      Set.of(
          "r",
          "lora_alpha",
          "bias",
          "init_lora_weights",
          "target_modules",
          "exclude_modules",
          "layers_to_transform",
          "layers_pattern",
          "lora_dropout",
          "fan_in_fan_out",
          "megatron_core",
          "loftq_config",
          "eva_config",
          "corda_config",
          "lora_ga_config",
          "qalora_group_size",
          "ensure_weight_tying");

  /** Initialisations that leave the base's weights unchanged; PiSSA and similar ones do not. */
  private static final Set<String> PLAIN_STARTS =
      Set.of("true", "false", "gaussian", "eva", "orthogonal");

  private static final Pattern KEY =
      Pattern.compile(
          "(?:base_model\\.model\\.)?model\\.layers\\.(0|[1-9]\\d{0,4})\\.(\\w+(?:\\.\\w+)*)"
              + "\\.lora_([AB])(?:\\.default)?\\.weight");

  /** Parts of a model, or of other PEFT types, that are not matrices of a block. */
  private static final Pattern FOREIGN =
      Pattern.compile("embed_tokens|lm_head|norm\\.|lora_embedding|lora_magnitude|lora_B.*bias");

  private LoraFile() {}

  static void write(LoraAdapter lora, Path folder) {
    JsonObject config = PeftFolder.common(TYPE, lora.provenance());
    config.addProperty("r", lora.rank());
    config.add("lora_alpha", PeftFolder.number(lora.alpha()));
    JsonElement dropout = PeftFolder.number(lora.provenance(), "lora_dropout");
    config.add("lora_dropout", dropout.isJsonNull() ? PeftFolder.number(0) : dropout);
    config.addProperty("bias", "none");
    config.addProperty("fan_in_fan_out", false);
    config.addProperty("init_lora_weights", true);
    config.addProperty("use_rslora", false);
    config.addProperty("use_dora", false);
    config.add("rank_pattern", new JsonObject());
    config.add("alpha_pattern", new JsonObject());
    config.add("modules_to_save", JsonNull.INSTANCE);
    addTargets(lora, config);
    List<TensorSource> tensors = new ArrayList<>();
    for (Target t : lora.targets()) {
      String name = PREFIX + fullName(t) + ".lora_";
      long[] a = {lora.rank(), t.in()};
      long[] b = {t.out(), lora.rank()};
      tensors.add(TensorSource.of(name + "A.weight", StorageType.F32, a, t.a()));
      tensors.add(TensorSource.of(name + "B.weight", StorageType.F32, b, t.b()));
    }
    new PeftFolder(folder).write(config, tensors, lora.provenance());
  }

  /**
   * Writes the modules and the layers if every module is changed in the same layers, else each
   * matrix's full name: PEFT compares it with a module's whole name first, so that no other one is
   * changed.
   */
  private static void addTargets(LoraAdapter lora, JsonObject config) {
    Set<String> modules = new TreeSet<>();
    Set<Integer> blocks = new TreeSet<>();
    JsonArray names = new JsonArray();
    for (Target t : lora.targets()) {
      modules.add(t.module());
      blocks.add(t.layer().block());
      names.add(fullName(t));
    }
    if ((long) modules.size() * blocks.size() != lora.targets().size()) {
      config.add("target_modules", names);
      config.add("layers_to_transform", JsonNull.INSTANCE);
      return;
    }
    JsonArray shortNames = new JsonArray();
    modules.forEach(shortNames::add);
    JsonArray layers = new JsonArray();
    blocks.forEach(layers::add);
    config.add("target_modules", shortNames);
    config.add("layers_to_transform", layers);
  }

  static String fullName(Target t) {
    return fullName(t.layer(), t.module());
  }

  static String fullName(Layer layer, String module) {
    return "model.layers." + layer.block() + "." + module;
  }

  static LoraAdapter read(Path folder) {
    PeftFolder peft = new PeftFolder(folder);
    JsonFile config = peft.config(TYPE, KNOWN);
    int rank = config.json().has("r") ? config.count("r") : DEFAULT;
    double alpha = config.json().has("lora_alpha") ? config.number("lora_alpha") : DEFAULT;
    if (config.get("lora_dropout") != null) {
      config.number("lora_dropout");
    }
    if (config.get("bias") != null && !config.text("bias").equals("none")) {
      throw PeftFolder.unsupported(config, "bias", "none");
    }
    JsonElement start = config.get("init_lora_weights");
    if (start != null && !(start.isJsonPrimitive() && PLAIN_STARTS.contains(start.getAsString()))) {
      throw PeftFolder.unsupported(
          config, "init_lora_weights", "a value that leaves the base's weights unchanged");
    }
    if (config.get("fan_in_fan_out") != null && !config.isUnset("fan_in_fan_out")) {
      LOG.warn("{}: fan_in_fan_out is ignored for linear layers, as in PEFT", config.path());
    }
    List<Target> targets;
    try (SafetensorsFile file = peft.weights()) {
      targets = targets(file, new LoraTargets(config), rank);
    }
    return new LoraAdapter(rank, alpha, targets, peft.provenance(config));
  }

  /**
   * The pairs of the file that the configuration names. As in PEFT, other pairs and names without a
   * pair have no effect; a warning is logged.
   */
  private static List<Target> targets(SafetensorsFile file, LoraTargets named, int rank) {
    List<Target> targets = new ArrayList<>();
    List<String> others = new ArrayList<>();
    Set<String> matrices = new HashSet<>();
    for (Pair pair : pairs(file)) {
      matrices.add(pair.name());
      if (named.contains(pair.name())) {
        targets.add(pair.read(file, rank));
      } else {
        others.add(pair.name());
      }
    }
    if (targets.isEmpty()) {
      throw new CheckpointException(
          file.path()
              + ": expected LoRA tensors, found "
              + (others.isEmpty() ? "none" : "none that " + PeftFolder.CONFIG + " names"));
    }
    if (!others.isEmpty()) {
      LOG.warn(
          "{}: the tensors of {} matrices are ignored, for example {}: {} does not name them",
          file.path(),
          others.size(),
          others.get(0),
          PeftFolder.CONFIG);
    }
    List<String> missing = named.without(matrices);
    if (!missing.isEmpty()) {
      LOG.warn("{}: there are no tensors for {}", file.path(), missing);
    }
    return targets;
  }

  private static Iterable<Pair> pairs(SafetensorsFile file) {
    Map<String, Pair> pairs = new LinkedHashMap<>();
    for (TensorInfo info : file.tensors().values()) {
      Matcher key = KEY.matcher(info.name());
      if (FOREIGN.matcher(info.name()).find()) {
        throw new UnsupportedArchitectureException(
            file.path()
                + ": "
                + info.name()
                + " is not supported, only lora_A and lora_B of the blocks' matrices");
      }
      if (!key.matches()) {
        throw new CheckpointException(
            file.path()
                + ": expected names like "
                + PREFIX
                + "model.layers.0.self_attn.q_proj.lora_A.weight, found "
                + info.name());
      }
      Layer layer = Layer.ofBlock(Integer.parseInt(key.group(1)));
      String module = key.group(2);
      pairs
          .computeIfAbsent(layer.index() + " " + module, k -> new Pair(layer, module))
          .add(file, info, key.group(3).equals("A"));
    }
    return pairs.values();
  }

  /** The two tensors of a target, collected as they are found. */
  private static final class Pair {
    private final Layer layer;
    private final String module;
    private @Nullable TensorInfo a;
    private @Nullable TensorInfo b;

    Pair(Layer layer, String module) {
      this.layer = layer;
      this.module = module;
    }

    String name() {
      return "model.layers." + layer.block() + "." + module;
    }

    void add(SafetensorsFile file, TensorInfo info, boolean isA) {
      TensorInfo other = isA ? a : b;
      if (other != null) {
        throw new CheckpointException(
            file.path() + ": " + info.name() + " and " + other.name() + " are the same matrix");
      }
      if (isA) {
        a = info;
      } else {
        b = info;
      }
    }

    Target read(SafetensorsFile file, int rank) {
      if (a == null || b == null) {
        TensorInfo found = a == null ? b : a;
        throw new CheckpointException(
            file.path()
                + ": expected lora_A and lora_B, found only "
                + (found == null ? module : found.name()));
      }
      int in = other(file, a, 1, rank);
      int out = other(file, b, 0, rank);
      return new Target(
          layer, module, in, out, Finite.read(file, a.name()), Finite.read(file, b.name()));
    }

    /** The size of a matrix along {@code axis}; the other dimension must be the rank. */
    private static int other(SafetensorsFile file, TensorInfo info, int axis, int rank) {
      long[] shape = info.shape();
      if (shape.length != 2
          || shape[1 - axis] != rank
          || shape[axis] < 1
          || shape[axis] > Integer.MAX_VALUE) {
        throw new CheckpointException(
            file.path()
                + ": "
                + info.name()
                + ": expected shape "
                + (axis == 1 ? "[" + rank + ", in]" : "[out, " + rank + "]")
                + " for the configuration's r = "
                + rank
                + ", found "
                + Arrays.toString(shape));
      }
      return (int) shape[axis];
    }
  }
}
