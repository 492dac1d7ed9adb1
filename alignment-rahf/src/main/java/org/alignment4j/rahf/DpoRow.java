package org.alignment4j.rahf;

import org.alignment4j.chat.Encoded;

/**
 * A pair with what the reference model gives it, in nats: sums of the log-probabilities of the
 * chosen and of the rejected response.
 */
record DpoRow(Encoded chosen, Encoded rejected, double chosenReference, double rejectedReference) {}
