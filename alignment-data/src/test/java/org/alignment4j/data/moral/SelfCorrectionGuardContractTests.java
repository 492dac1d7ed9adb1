package org.alignment4j.data.moral;

import org.alignment4j.PromptGuard;
import org.alignment4j.testing.GuardContract;
import org.junit.jupiter.api.Nested;

/** The instruction as a guard keeps the contract, wherever it stands. */
class SelfCorrectionGuardContractTests {
  @Nested
  class InMessage extends GuardContract {
    @Override
    protected PromptGuard guard() {
      return SelfCorrectionGuard.inMessage();
    }
  }

  @Nested
  class InSystem extends GuardContract {
    @Override
    protected PromptGuard guard() {
      return SelfCorrectionGuard.inSystem();
    }
  }
}
