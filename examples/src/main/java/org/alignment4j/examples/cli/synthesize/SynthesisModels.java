package org.alignment4j.examples.cli.synthesize;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.data.induction.Inducer;
import org.alignment4j.data.induction.PromptedInducer;
import org.alignment4j.data.induction.ReversedInducer;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.LocalChatModel;
import org.alignment4j.data.request.OpenAiChatModel;
import org.alignment4j.examples.cli.input.FilesHash;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.model.LanguageModel;

/** The models of a run, opened on first use. Not thread-safe. */
final class SynthesisModels implements AutoCloseable {
  private final Map<String, SynthesisDescription.Model> described;
  private final Map<String, ChatModel> open = new LinkedHashMap<>();
  private final Deque<AutoCloseable> closing = new ArrayDeque<>();

  SynthesisModels(Map<String, SynthesisDescription.Model> described) {
    this.described = described;
  }

  ChatModel chat(String name) {
    ChatModel model = open.get(name);
    if (model == null) {
      SynthesisDescription.Model as = described(name);
      model = as.endpoint().isPresent() ? remote(as) : local(as);
      open.put(name, model);
    }
    return model;
  }

  Inducer inducer(String name) {
    SynthesisDescription.Model as = described(name);
    if (!as.reversed()) {
      return new PromptedInducer(chat(name));
    }
    LoraAdapter adapter =
        as.adapter()
            .map(LoraAdapter::load)
            .orElseThrow(
                () -> new AlignmentException("model " + name + ": reversed needs an adapter"));
    return kept(new ReversedInducer(load(as), adapter));
  }

  private SynthesisDescription.Model described(String name) {
    SynthesisDescription.Model model = described.get(name);
    if (model == null) {
      throw new AlignmentException("there is no model " + name);
    }
    return model;
  }

  private ChatModel remote(SynthesisDescription.Model as) {
    OpenAiChatModel.Builder builder =
        OpenAiChatModel.builder(as.endpoint().orElseThrow(), as.id())
            .concurrency(as.concurrent())
            .schemas(as.schemas());
    as.key().ifPresent(builder::apiKeyFromEnvironment);
    if (as.requestsPerMinute() > 0) {
      builder.requestsPerMinute(as.requestsPerMinute());
    }
    if (as.tokensPerMinute() > 0) {
      builder.tokensPerMinute(as.tokensPerMinute());
    }
    return kept(builder.build());
  }

  private ChatModel local(SynthesisDescription.Model as) {
    LanguageModel model = load(as);
    LocalChatModel.Builder builder = LocalChatModel.builder(model).maxBatchSize(as.batch());
    if (as.adapter().isPresent()) {
      Path folder = as.adapter().get();
      LanguageModel tuned = kept(model.with(Adapter.load(folder)));
      builder =
          LocalChatModel.builder(tuned)
              .maxBatchSize(as.batch())
              .suffix(folder.getFileName() + "-" + FilesHash.of(folder));
    }
    return kept(builder.build());
  }

  private LanguageModel load(SynthesisDescription.Model as) {
    return kept(LanguageModel.load(as.folder().orElseThrow()));
  }

  private <T> T kept(T opened) {
    if (opened instanceof AutoCloseable closeable) {
      closing.push(closeable);
    }
    return opened;
  }

  @Override
  public void close() {
    while (!closing.isEmpty()) {
      try {
        closing.pop().close();
      } catch (Exception e) {
        throw new AlignmentException("cannot close a model: " + Reasons.of(e), e);
      }
    }
  }
}
