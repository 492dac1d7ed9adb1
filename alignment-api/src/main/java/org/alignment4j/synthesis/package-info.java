/**
 * Inputs and outputs of preference synthesis (Safer-Instruct, Shi et al. 2024): texts, pairs with
 * their lineage, and the report of a run.
 */
@NullMarked
package org.alignment4j.synthesis;

import org.jspecify.annotations.NullMarked;
