package org.alignment4j.data.synthesis;

import java.util.Locale;
import java.util.Optional;
import org.alignment4j.data.filter.Decontamination;
import org.alignment4j.data.filter.PiiScrubber;
import org.alignment4j.data.synthesis.SynthesisSettings.InstructionRules;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.data.synthesis.SynthesisStages.Stage;
import org.alignment4j.data.synthesis.SynthesisStages.StageResult;

/** The cheap rules for instructions (Safer-Instruct, stage 3): length, copies, evaluation sets. */
final class RulesStage implements Stage<Candidate, Candidate> {
  private final InstructionRules rules;
  private final Optional<Decontamination> decontamination;
  private final Optional<PiiScrubber> scrubber;

  RulesStage(
      InstructionRules rules,
      Optional<Decontamination> decontamination,
      Optional<PiiScrubber> scrubber) {
    this.rules = rules;
    this.decontamination = decontamination;
    this.scrubber = scrubber;
  }

  @Override
  public String name() {
    return "rules";
  }

  @Override
  public StageResult<Candidate> apply(Candidate candidate) {
    String instruction = candidate.instruction();
    Optional<InstructionRules.Flaw> flaw = rules.check(instruction, candidate.text().text());
    if (flaw.isPresent()) {
      return StageResult.drop(flaw.get().name().toLowerCase(Locale.ROOT).replace('_', ' '));
    }
    Optional<Decontamination.Match> match = decontamination.flatMap(d -> d.find(instruction));
    if (match.isPresent()) {
      return StageResult.drop("in evaluation set " + match.get().set());
    }
    return StageResult.pass(
        scrubber
            .map(s -> candidate.withInstruction(s.scrub(instruction).text()))
            .orElse(candidate));
  }
}
