package org.alignment4j.data.synthesis;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.data.induction.Inducer;
import org.alignment4j.data.induction.Inducer.Induction;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.data.synthesis.SynthesisStages.Stage;
import org.alignment4j.data.synthesis.SynthesisStages.StageResult;
import org.alignment4j.synthesis.Lineage;
import org.alignment4j.synthesis.SourceText;

/** Induces instructions to which a text may be the answer (Safer-Instruct, stage 2). */
final class InduceStage implements Stage<SourceText, Candidate> {
  private final Inducer inducer;
  private final RequestLedger requests;
  private final int instructions;
  private final long seed;

  InduceStage(Inducer inducer, RequestLedger requests, int instructions, long seed) {
    this.inducer = inducer;
    this.requests = requests;
    this.instructions = instructions;
    this.seed = seed;
  }

  @Override
  public String name() {
    return "induce";
  }

  @Override
  public StageResult<Candidate> apply(SourceText text) {
    long itemSeed = SeedOf.text(seed, text);
    List<Candidate> candidates = new ArrayList<>();
    List<String> dropped = new ArrayList<>();
    for (Induction induction : inducer.induce(text, instructions, itemSeed, requests)) {
      if (!induction.complete()) {
        dropped.add("cut off");
        continue;
      }
      if (induction.instruction().isBlank()) {
        dropped.add("empty");
        continue;
      }
      Lineage.Builder lineage = Lineage.of(text).inducer(induction.inducer()).seed(itemSeed);
      for (StoredAnswer answer : induction.answers()) {
        RequestLineage.add(lineage, "inducer", answer);
      }
      candidates.add(
          new Candidate(
              text, induction.sample(), induction.instruction(), text.category(), lineage.build()));
    }
    return new StageResult<>(candidates, dropped);
  }
}
