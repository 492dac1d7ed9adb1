package org.alignment4j;

import java.time.Duration;
import java.util.List;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.chat.Prompt;
import org.alignment4j.testing.GuardContract;
import org.junit.jupiter.api.Nested;

/** The guards of this package keep the contract. */
class PromptGuardContractTests {
  /** Scores by length; cannot read what is long. */
  private static final RefusalProbe PROBE =
      new RefusalProbe() {
        @Override
        public double[] scores(List<Prompt> prompts) {
          return prompts.stream().mapToDouble(p -> score(p.last().text().length())).toArray();
        }

        private double score(int length) {
          if (length > 100) {
            throw new IllegalArgumentException(length + " tokens, the context has 100");
          }
          return length / 20.0;
        }

        @Override
        public double threshold() {
          return 0.75;
        }
      };

  /** {@link ProbeGuard}. */
  @Nested
  class Screening extends GuardContract {
    @Override
    protected PromptGuard guard() {
      return PromptGuard.screening(PROBE);
    }
  }

  /** {@link GuardChain}. */
  @Nested
  class Chain extends GuardContract {
    private final PromptGuard rewriting =
        c -> new Verdict.Rewrite(0, "rewritten", Duration.ZERO, c.withSystem("sing"), null);
    private final PromptGuard chain = rewriting.then(PromptGuard.screening(PROBE));

    @Override
    protected PromptGuard guard() {
      return chain;
    }
  }

  /** {@link TimedGuard}. */
  @Nested
  class Timed extends GuardContract {
    private final PromptGuard timed =
        PromptGuard.screening(PROBE).within(Duration.ofMinutes(1), OnFailure.BLOCK);

    @Override
    protected PromptGuard guard() {
      return timed;
    }
  }
}
