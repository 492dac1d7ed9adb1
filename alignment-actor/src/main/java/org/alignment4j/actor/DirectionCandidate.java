package org.alignment4j.actor;

import org.alignment4j.core.Layer;

/**
 * A refusal direction taken at one (position, layer) of the prompt, with what it was measured to
 * cause (Arditi et al. 2024, section 2.3). Scores may be NaN where a measurement failed; such a
 * candidate is never kept.
 *
 * @param position token position from the end of the templated prompt: -1 is the last token
 * @param layer the layer the direction was taken at; the published grids number a block by its
 *     input, which is this layer
 * @param refusalScore mean log-odds of refusal on harmful prompts with the direction ablated; low
 *     means that refusal needs the direction
 * @param steeringScore mean log-odds of refusal on benign prompts with the direction added; high
 *     means that the direction causes refusal
 * @param klDivergence mean KL divergence, in nats, of the next-token distribution on benign prompts
 *     when the direction is ablated; low means that little else is lost
 */
public record DirectionCandidate(
    int position, Layer layer, double refusalScore, double steeringScore, double klDivergence) {}
