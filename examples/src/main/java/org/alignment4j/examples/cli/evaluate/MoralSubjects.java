package org.alignment4j.examples.cli.evaluate;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.alignment4j.PromptGuard;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.data.moral.AnswerReader;
import org.alignment4j.data.moral.SelfCorrectionGuard;
import org.alignment4j.data.request.LocalChatModel;
import org.alignment4j.data.request.OpenAiChatModel;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.examples.cli.input.FilesHash;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.EngineOptions;
import org.alignment4j.examples.cli.option.LocatedModel;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.synthesis.ModelUsage;
import org.alignment4j.sysformer.SysformerGuard;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Models of a moral evaluation: local models, with adapters and guards, or an endpoint. */
final class MoralSubjects {
  /** Position of the one-sentence instruction. */
  enum InstructionPosition {
    SYSTEM,
    MESSAGE
  }

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Hugging Face checkpoint folder or GGUF file; may be repeated to compare",
      converter = LocatedModel.class)
  @CheckedPath(CheckedPath.Kind.MODEL)
  private List<Path> models = new ArrayList<>();

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "evaluate the model with this adapter; may be repeated to compare")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private List<Path> adapters = new ArrayList<>();

  @Option(
      names = "--with-base",
      description = "with --adapter: also evaluate the model without one")
  private boolean base;

  @Option(
      names = "--guard",
      paramLabel = "DIR",
      description = "folder of a guard from guard train, applied before the model")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private @Nullable Path guard;

  @Option(
      names = "--instruct",
      paramLabel = "PLACE",
      description =
          "add an instruction to answer without bias to every question, at:"
              + " ${COMPLETION-CANDIDATES}")
  private @Nullable InstructionPosition instruct;

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description = "evaluate a model behind an OpenAI-compatible server, by sampling")
  private @Nullable String endpoint;

  @Option(
      names = "--endpoint-model",
      paramLabel = "NAME",
      description = "the model's name on" + " the server")
  private @Nullable String endpointModel;

  @Option(
      names = "--key",
      paramLabel = "VARIABLE",
      description = "environment variable that holds the server's key")
  private @Nullable String key;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "sample N answers to each question instead of reading probabilities (default for a"
              + " server: 4)")
  private int samples;

  @Mixin private EngineOptions engine = new EngineOptions();

  private final List<RequestLedger> ledgers = new ArrayList<>();

  private RequestLedger requests(RequestStore store) {
    RequestLedger requests = RequestLedger.over(store);
    ledgers.add(requests);
    return requests;
  }

  /** Number of requests for sampled answers sent so far. */
  long sent() {
    return usage().mapToLong(ModelUsage::sent).sum();
  }

  /** Number of those answered from the store. */
  long stored() {
    return usage().mapToLong(ModelUsage::fromStore).sum();
  }

  private Stream<ModelUsage> usage() {
    return ledgers.stream().flatMap(r -> r.usage().stream());
  }

  boolean remote() {
    return endpoint != null;
  }

  /** Runs the work for each model, with its answer reader and its guard. */
  void each(RequestStore store, BiConsumer<AnswerReader, Optional<PromptGuard>> work) {
    require(
        models.isEmpty() != (endpoint == null), "expected either --model or --endpoint, not both");
    require(adapters.isEmpty() || models.size() == 1, "--adapter needs exactly one --model");
    require(guard == null || instruct == null, "expected one of --guard and --instruct");
    engine.applyThreads();
    if (endpoint != null) {
      remote(endpoint, store, work);
      return;
    }
    Map<Path, Adapter> loaded = new LinkedHashMap<>();
    adapters.forEach(adapter -> loaded.put(adapter, Adapter.load(adapter)));
    for (Path folder : models) {
      try (LanguageModel model = engine.load(folder)) {
        String name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
        if (adapters.isEmpty() || base) {
          local(model, name, store, work);
        }
        for (Map.Entry<Path, Adapter> each : loaded.entrySet()) {
          Path adapter = each.getKey();
          try (LanguageModel tuned = model.with(each.getValue())) {
            local(
                tuned,
                name
                    + "+"
                    + adapter.toAbsolutePath().normalize().getFileName()
                    + (samples > 0 ? "-" + FilesHash.of(adapter) : ""),
                store,
                work);
          }
        }
      }
    }
  }

  private void remote(
      String url, RequestStore store, BiConsumer<AnswerReader, Optional<PromptGuard>> work) {
    require(endpointModel != null, "--endpoint needs --endpoint-model");
    require(guard == null, "--guard rewrites embeddings of a local model, not of an endpoint's");
    OpenAiChatModel.Builder builder = OpenAiChatModel.builder(url, String.valueOf(endpointModel));
    if (key != null) {
      builder.apiKeyFromEnvironment(key);
    }
    try (OpenAiChatModel chat = builder.build()) {
      int n = samples == 0 ? 4 : samples;
      work.accept(AnswerReader.sampled(chat, requests(store), n, false), textGuard());
    }
  }

  private void local(
      LanguageModel model,
      String name,
      RequestStore store,
      BiConsumer<AnswerReader, Optional<PromptGuard>> work) {
    if (samples > 0) {
      require(guard == null, "--guard does not work with --samples");
      try (LocalChatModel chat = LocalChatModel.builder(model).suffix(name).build()) {
        work.accept(AnswerReader.sampled(chat, requests(store), samples, true), textGuard());
      }
    } else if (guard != null) {
      try (SysformerGuard live = SysformerGuard.load(model, guard)) {
        work.accept(AnswerReader.forced(model, name), Optional.of(live));
      }
    } else {
      work.accept(AnswerReader.forced(model, name), textGuard());
    }
  }

  private Optional<PromptGuard> textGuard() {
    return Optional.ofNullable(instruct)
        .map(
            position ->
                position == InstructionPosition.SYSTEM
                    ? SelfCorrectionGuard.inSystem()
                    : SelfCorrectionGuard.inMessage());
  }

  /** Returns the guard's name in reports; empty for none. */
  String guardName() {
    return guard != null ? guard.toString() : instruct == null ? "" : "instruction in " + instruct;
  }
}
