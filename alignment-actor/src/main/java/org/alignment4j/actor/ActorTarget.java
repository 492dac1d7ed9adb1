package org.alignment4j.actor;

import static org.alignment4j.core.Arguments.require;

/**
 * Where tuning moves the target layer's activation of a prompt: t = a + s R, with a step s that
 * depends on the form (ACTOR, arXiv 2507.04250, section 3.2). The target is a constant of the loss:
 * no gradient flows through it.
 */
public enum ActorTarget {
  /**
   * The paper's Algorithm 1: t = a -/+ alpha p, with p = (R.a / |R|^2) R; minus for safe prompts.
   *
   * <p>The projection is measured from the origin, so that a safe prompt with R.a &lt; 0 is moved
   * toward refusal and a harmful one away from it.
   */
  PUBLISHED(0) {
    @Override
    double step(RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass) {
      double projection = axis.projection(activation);
      return promptClass.safe() ? -alpha * projection : alpha * projection;
    }
  },

  /**
   * The projection measured from the benign mean, and only for prompts on the wrong side of their
   * class mean: t = a - alpha max(0, u) R for safe prompts, t = a - alpha min(0, u - 1) R for
   * harmful ones. Its fixed points are the class means, which makes the shift just enough.
   */
  CENTRED(1) {
    @Override
    double step(RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass) {
      double u = axis.u(activation);
      return promptClass.safe() ? -alpha * Math.max(0, u) : -alpha * Math.min(0, u - 1);
    }
  },

  /**
   * The same shift for every prompt of a class: t = a -/+ alpha R. A negative control that ruins
   * the text; never for use.
   */
  UNIFORM(2) {
    @Override
    double step(RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass) {
      return promptClass.safe() ? -alpha : alpha;
    }
  };

  /** The form's number in actor.torchscript. */
  final int code;

  ActorTarget(int code) {
    this.code = code;
  }

  /** s of t = a + s R. */
  abstract double step(
      RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass);

  /**
   * The target t [D] of one activation, a new array (float64).
   *
   * @param activation a [D], the residual stream at the last prompt token
   * @param alpha the projection multiplier, finite and not negative
   */
  double[] of(RefusalAxis axis, double[] activation, double alpha, PromptClass promptClass) {
    require(alpha >= 0 && alpha < Double.POSITIVE_INFINITY, "alpha must be >= 0, was %s", alpha);
    return axis.moved(activation, step(axis, activation, alpha, promptClass));
  }
}
