package org.alignment4j.actor;

/** What a probe's layer was chosen by, the first of these that could be measured. */
public enum LayerChoice {
  /** The caller named the layer. */
  GIVEN("given"),
  /** The layer that tells contrast prompts apart best; of equals the last. */
  CONTRAST("the best AUROC on contrast prompts"),
  /**
   * The first layer whose direction, added, raises refusal at least nine tenths as much as the best
   * layer's does.
   */
  CAUSAL("the causal score: the first layer with nine tenths of the best"),
  /**
   * The last layer whose AUROC on anchors that its direction was not made of lies within one
   * standard error of the best: wording is told apart early, and inherited by every later layer.
   */
  HELD_OUT("the held-out AUROC: the last layer within a standard error of the best");

  private final String description;

  LayerChoice(String description) {
    this.description = description;
  }

  /** What it goes by, in words. */
  public String description() {
    return description;
  }
}
