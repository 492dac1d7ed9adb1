package org.alignment4j.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.GgufArchitecture;
import org.alignment4j.internal.tensor.GgufExport;
import org.alignment4j.internal.tensor.GgufModel;
import org.alignment4j.internal.tensor.GgufType;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.LowRankMerge;
import org.alignment4j.internal.tensor.ModelFiles;
import org.alignment4j.internal.tensor.WeightChange;
import org.jspecify.annotations.Nullable;

/** Writes a model, with an adapter merged, as one GGUF file. */
final class GgufConversion {
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  /** The version of the quantised types that llama.cpp has had since 2023. */
  private static final int QUANTISATION_VERSION = 2;

  private final Path model;
  private final GgufType type;
  private final List<String> notes = new ArrayList<>();

  private GgufConversion(Path model, GgufType type) {
    this.model = model;
    this.type = type;
  }

  /** See {@link LanguageModel#writeGguf}. */
  static List<String> write(
      Path model, @Nullable Adapter adapter, LanguageModel.GgufWeights weights, Path file) {
    GgufConversion conversion = new GgufConversion(model, GgufType.valueOf(weights.name()));
    try (Checkpoint base = Checkpoint.open(model)) {
      Map<String, WeightChange> changes = changes(base, adapter);
      List<String> inHalf =
          base instanceof GgufModel gguf
              ? GgufExport.write(file, gguf, changes, conversion.type)
              : conversion.folder(base, changes, file);
      if (conversion.type == GgufType.Q4_0 && !changes.isEmpty()) {
        conversion.notes.add(
            "four bits may lose most of what an adapter changes; Q8_0 and F16 keep it, and a LoRA"
                + " beside the model does");
      }
      if (!inHalf.isEmpty()) {
        conversion.notes.add(
            inHalf.size()
                + " matrices are in F16, their rows are no multiples of 32: "
                + LocalModels.list(inHalf));
      }
    }
    return List.copyOf(conversion.notes);
  }

  private static Map<String, WeightChange> changes(Checkpoint base, @Nullable Adapter adapter) {
    if (adapter == null) {
      return Map.of();
    }
    if (adapter instanceof LoraAdapter lora) {
      return LowRankMerge.changes(
          base,
          lora.targets().stream()
              .map(
                  t ->
                      new LowRankMerge.Target(
                          t.layer().block(),
                          t.module(),
                          t.in(),
                          t.out(),
                          lora.rank(),
                          lora.scale(),
                          t.a(),
                          t.b()))
              .toList());
    }
    if (adapter instanceof TunedBlock block) {
      Map<String, WeightChange> changes = new LinkedHashMap<>();
      block
          .tensors()
          .forEach(
              (part, w) -> {
                String name = "model.layers." + block.layer().block() + "." + part;
                changes.put(name, WeightChange.by(base, name, w.shape(), w.values()));
              });
      return changes;
    }
    throw new IllegalArgumentException("this adapter changes no weights");
  }

  private List<String> folder(Checkpoint base, Map<String, WeightChange> changes, Path file) {
    ModelConfig config = Weights.withStoredHead(base, ModelConfig.read(model));
    GgufArchitecture architecture = GgufArchitecture.ofModel(base);
    GgufParameters parameters = GgufParameters.of(model, config, architecture);
    notes.addAll(parameters.notes());
    Map<String, GgufValue> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", GgufValue.of(architecture.key()));
    metadata.put("general.type", GgufValue.of("model"));
    metadata.put(
        "general.name",
        GgufValue.of(String.valueOf(model.toAbsolutePath().normalize().getFileName())));
    metadata.put("general.file_type", GgufValue.ofUint32(fileType()));
    metadata.put("general.quantization_version", GgufValue.ofUint32(QUANTISATION_VERSION));
    metadata.putAll(parameters.metadata());
    if (ModelFiles.hasTokenizer(model)) {
      GgufVocabulary vocabulary =
          GgufVocabulary.read(model.resolve("tokenizer.json"), config.vocabulary());
      metadata.putAll(vocabulary.metadata());
      metadata.putAll(GgufSpecialTokens.of(model, vocabulary, config.endOfSequence()));
    } else {
      metadata.put("tokenizer.ggml.model", GgufValue.of("none"));
      notes.add("the model has no tokenizer.json, so that the file has no tokenizer");
    }
    return GgufExport.write(
        file,
        base,
        sources(base, config),
        changes,
        architecture,
        config.headSize(),
        type,
        metadata,
        parameters.tensors());
  }

  /** llama.cpp's number of a file whose matrices are mostly of a type. */
  private int fileType() {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case Q4_0 -> 2;
      case Q8_0 -> 7;
      case BF16 -> 32;
      default -> throw new IllegalArgumentException("files of " + type);
    };
  }

  /** The tensors of the model, whose shapes are the configuration's, by their usual names. */
  private Map<String, String> sources(Checkpoint base, ModelConfig config) {
    Map<String, String> sources = new LinkedHashMap<>();
    long[] table = {config.vocabulary(), config.width()};
    boolean onlyHead = config.tiedHead() && !base.contains(EMBEDDINGS) && base.contains(HEAD);
    put(sources, base, EMBEDDINGS, onlyHead ? HEAD : EMBEDDINGS, table);
    BlockLayout layout = BlockLayout.of(config);
    for (int block = 0; block < config.blocks(); block++) {
      for (BlockLayout.Slot slot : layout.slots().values()) {
        for (BlockLayout.Part part : slot.parts()) {
          String name = BlockLayout.fullName(new Layer(block + 1), part);
          put(sources, base, name, name, part.shape());
        }
      }
    }
    put(sources, base, "model.norm.weight", "model.norm.weight", new long[] {config.width()});
    if (!config.tiedHead()) {
      put(sources, base, HEAD, HEAD, table);
    }
    return sources;
  }

  private static void put(
      Map<String, String> sources, Checkpoint base, String name, String source, long[] shape) {
    long[] found = base.info(source).shape();
    if (!Arrays.equals(found, shape)) {
      throw new CheckpointException(
          base.origin()
              + ": "
              + source
              + " has shape "
              + Arrays.toString(found)
              + ", its configuration "
              + Arrays.toString(shape));
    }
    sources.put(name, source);
  }
}
