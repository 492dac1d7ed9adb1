package org.alignment4j.rahf;

import org.alignment4j.chat.Encoded;

/**
 * A pair with the reference model's scores in nats: the summed log-probabilities of the chosen and
 * of the rejected response.
 */
record DpoRow(Encoded chosen, Encoded rejected, double chosenReference, double rejectedReference) {}
