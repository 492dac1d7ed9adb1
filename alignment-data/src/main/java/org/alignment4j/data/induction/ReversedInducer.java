package org.alignment4j.data.induction;

import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Provenance;
import org.alignment4j.data.induction.Inducer.Induction;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.synthesis.SourceText;

/**
 * Samples instructions from a local model tuned by {@link ReversedInstructionTuner}. The end of a
 * text that is too long is cut, as in training. Concurrent calls run together, up to 16 at a time;
 * an instruction does not depend on the others, except where rounding decides between two tokens.
 * Thread-safe; close it to free the adapter's memory. The model must stay open until then.
 */
public final class ReversedInducer implements Inducer, AutoCloseable {
  /**
   * At most 128 tokens, temperature 0.7, top-p 0.95; an instruction ends with the end token, or
   * before a heading.
   */
  public static final Sampling SAMPLING = new Sampling(128, 0.7, 0.95, List.of("\n###"));

  private final LanguageModel view;
  private final ReversedChatModel chat;
  private final Samples samples;

  /** Creates an inducer with {@link #SAMPLING}. */
  public ReversedInducer(LanguageModel model, LoraAdapter adapter) {
    this(model, adapter, SAMPLING);
  }

  /**
   * Creates an inducer.
   *
   * @param model the model that the adapter was tuned on: a base model, not a view, whose changes
   *     the name would not include
   * @param adapter the tuner's adapter, possibly saved and loaded; its provenance specifies how
   *     texts are encoded
   * @param sampling the sampling of an instruction; its maximum number of tokens is reserved in a
   *     row
   * @throws IllegalArgumentException if the adapter is not from this library's reversed instruction
   *     tuning, or was tuned with another template, or the sampling's maximum number of tokens
   *     leaves no room for a text
   * @throws org.alignment4j.core.CheckpointException if the adapter does not fit the model
   */
  public ReversedInducer(LanguageModel model, LoraAdapter adapter, Sampling sampling) {
    ReversedEncoder encoder = encoder(model, adapter.provenance());
    encoder.prompt("", encoder.maxTokens() - sampling.maxTokens());
    String name =
        "reversed:"
            + Hashes.sha256(
                    List.of(
                        model.hash(),
                        model.precision().name(),
                        LoraHash.of(adapter),
                        encoder.hash()))
                .substring(0, 16);
    this.view = model.with(adapter);
    this.chat = new ReversedChatModel(name, encoder, view);
    this.samples = new Samples(chat, sampling);
  }

  private static ReversedEncoder encoder(LanguageModel model, Provenance provenance) {
    Map<String, Object> settings = provenance.settings();
    if (!provenance.method().equals(ReversedInstructionTuner.METHOD)
        || !(settings.get("max_tokens") instanceof Number tokens)
        || !(settings.get("chat_template") instanceof Boolean chat)) {
      throw new IllegalArgumentException(
          "the adapter's method is '"
              + provenance.method()
              + "', not '"
              + ReversedInstructionTuner.METHOD
              + "'");
    }
    ReversedSettings.Template template =
        ReversedSettings.Template.ofHash(settings.get("template"))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "the adapter was tuned with another template than this version's"));
    return new ReversedEncoder(model, template, chat, tokens.intValue());
  }

  /** Returns "reversed" with a hash of model, precision, adapter and template. */
  @Override
  public String name() {
    return samples.model().name();
  }

  @Override
  public List<Induction> induce(SourceText text, int n, long seed, RequestLedger requests) {
    return samples.draw(
        name(), Prompt.user(text.text()), n, seed, requests, instruction -> instruction);
  }

  @Override
  public void close() {
    chat.close();
    view.close();
  }
}
