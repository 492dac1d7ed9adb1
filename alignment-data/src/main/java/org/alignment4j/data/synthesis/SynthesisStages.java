package org.alignment4j.data.synthesis;

import static org.alignment4j.core.Arguments.require;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.alignment4j.data.filter.Decontamination;
import org.alignment4j.data.filter.LicenceFilter;
import org.alignment4j.data.filter.PiiScrubber;
import org.alignment4j.data.induction.Inducer;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.Requests;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesizedPair;
import org.jspecify.annotations.Nullable;

/**
 * The stages of Safer-Instruct, each of which can be used alone: source, induce, rules, judge,
 * respond, verify. Immutable; threads may share it.
 */
public final class SynthesisStages {
  static final String TEXT_DUPLICATES = "text duplicates";
  static final String INSTRUCTION_DUPLICATES = "instruction duplicates";
  static final List<String> ORDER =
      List.of(
          "source",
          TEXT_DUPLICATES,
          "induce",
          "rules",
          INSTRUCTION_DUPLICATES,
          "judge",
          "respond",
          "verify");

  private final Requests requests;
  private final SynthesisSettings settings;
  private final Stage<SourceText, SourceText> source;
  private final Stage<SourceText, Candidate> induce;
  private final Stage<Candidate, Candidate> rules;
  private final @Nullable JudgeStage judge;
  private final @Nullable RespondStage respond;
  private final @Nullable VerifyStage verify;

  private SynthesisStages(Builder builder, Inducer inducer) {
    requests = builder.requests;
    settings = builder.settings;
    source = new SourceStage(builder.licences, builder.decontamination, builder.scrubber);
    induce = new InduceStage(inducer, settings.instructions(), settings.seed());
    rules = new RulesStage(settings.rules(), builder.decontamination, builder.scrubber);
    judge =
        builder.judge == null
            ? null
            : new JudgeStage(builder.judge, requests, builder.principles, settings);
    respond =
        builder.expert == null
            ? null
            : new RespondStage(
                builder.expert, requests, builder.principles, settings.answering(), 0);
    ChatModel verifier = builder.verifier == null ? builder.judge : builder.verifier;
    verify =
        verifier == null ? null : new VerifyStage(verifier, requests, builder.principles, settings);
  }

  /**
   * Begins with nothing set but where requests go.
   *
   * @param requests sends all requests of the stages
   */
  public static Builder builder(Requests requests) {
    return new Builder(requests);
  }

  /** Which texts may be used: licence, evaluation sets, personal data. */
  public Stage<SourceText, SourceText> source() {
    return source;
  }

  /** Finds instructions for a text. */
  public Stage<SourceText, Candidate> induce() {
    return induce;
  }

  /** The cheap rules for instructions. */
  public Stage<Candidate, Candidate> rules() {
    return rules;
  }

  /**
   * Whether an instruction fits its text and its category.
   *
   * @throws IllegalStateException if there is no judge
   */
  public Stage<Candidate, Candidate> judge() {
    return set(judge, "judge");
  }

  /**
   * Has an expert answer an instruction, once.
   *
   * @throws IllegalStateException if there is no expert
   */
  public Stage<Candidate, Response> respond() {
    return set(respond, "expert");
  }

  /**
   * Whether an answer is safe, not empty, no echo and, for harmless instructions, no refusal.
   *
   * @throws IllegalStateException if there is neither a verifier nor a judge
   */
  public Stage<Response, SynthesizedPair> verify() {
    return set(verify, "verifier");
  }

  private static <T> T set(@Nullable T stage, String model) {
    if (stage == null) {
      throw new IllegalStateException("there is no " + model);
    }
    return stage;
  }

  Requests requests() {
    return requests;
  }

  /** What a run needs beyond instructions; tells early what is missing. */
  void requireAnswers() {
    set(judge, "judge");
    set(respond, "expert");
    set(verify, "verifier");
  }

  /** The instructions of a text that pass the rules. */
  ItemWork<Candidate> candidates(SourceText text) {
    Tally tally = new Tally();
    List<Candidate> induced = tally.apply(induce, text.category(), text);
    return new ItemWork<>(tally.applyAll(rules, text.category(), induced), tally);
  }

  /** An instruction judged, answered and verified; another answer is drawn if one does not pass. */
  ItemWork<SynthesizedPair> pair(Candidate candidate) {
    Tally tally = new Tally();
    String category = candidate.text().category();
    List<Candidate> accepted = tally.apply(judge(), category, candidate);
    if (accepted.isEmpty()) {
      return new ItemWork<>(List.of(), tally);
    }
    Candidate judged = accepted.get(0);
    for (int attempt = 0; ; attempt++) {
      // Only the last attempt is counted, so that a stage's figures are of instructions.
      Tally tried = new Tally();
      List<Response> answers =
          tried.apply(set(respond, "expert").attempt(attempt), category, judged);
      List<SynthesizedPair> pairs =
          answers.isEmpty()
              ? List.of()
              : tried.apply(set(verify, "verifier").attempt(attempt), category, answers.get(0));
      if (!pairs.isEmpty() || answers.isEmpty() || attempt + 1 == settings.answerTries()) {
        tally.add(tried);
        return new ItemWork<>(pairs, tally);
      }
      judged = judged.judged(judged.label(), answers.get(0).lineage());
    }
  }

  /** Sets up {@link SynthesisStages}. For one thread. */
  public static final class Builder {
    private final Requests requests;
    private SynthesisSettings settings = SynthesisSettings.builder().build();
    private Principles principles = Principles.standard();
    private LicenceFilter licences = LicenceFilter.permissive();
    private Optional<Decontamination> decontamination = Optional.of(Decontamination.standard());
    private Optional<PiiScrubber> scrubber = Optional.of(PiiScrubber.standard());
    private @Nullable Inducer inducer;
    private @Nullable ChatModel judge;
    private @Nullable ChatModel expert;
    private @Nullable ChatModel verifier;

    private Builder(Requests requests) {
      this.requests = requests;
    }

    /** The numbers of the run. */
    public Builder settings(SynthesisSettings value) {
      settings = value;
      return this;
    }

    /** What answers keep to, and the categories; {@link Principles#standard()} unless set. */
    public Builder principles(Principles value) {
      principles = value;
      return this;
    }

    /** The licences that are allowed; {@link LicenceFilter#permissive()} unless set. */
    public Builder licences(LicenceFilter value) {
      licences = value;
      return this;
    }

    /** The evaluation sets whose texts are dropped; the shipped ones unless set. */
    public Builder decontamination(Decontamination value) {
      decontamination = Optional.of(value);
      return this;
    }

    /** Keeps texts of evaluation sets: what is trained on them cannot be measured by them. */
    public Builder withoutDecontamination() {
      decontamination = Optional.empty();
      return this;
    }

    /** What is replaced as personal data; {@link PiiScrubber#standard()} unless set. */
    public Builder scrubber(PiiScrubber value) {
      scrubber = Optional.of(value);
      return this;
    }

    /** Leaves personal data in texts and instructions. */
    public Builder withoutScrubber() {
      scrubber = Optional.empty();
      return this;
    }

    /** What finds instructions. */
    public Builder inducer(Inducer value) {
      inducer = value;
      return this;
    }

    /** What decides on instructions. */
    public Builder judge(ChatModel value) {
      judge = value;
      return this;
    }

    /** What writes the answers to prefer. */
    public Builder expert(ChatModel value) {
      expert = value;
      return this;
    }

    /** What checks the answers; the judge, under another prompt, unless set. */
    public Builder verifier(ChatModel value) {
      verifier = value;
      return this;
    }

    /**
     * The stages.
     *
     * @throws IllegalArgumentException if there is no inducer
     */
    public SynthesisStages build() {
      require(inducer != null, "synthesis needs an inducer");
      return new SynthesisStages(this, Objects.requireNonNull(inducer));
    }
  }
}
