/**
 * Finding the instruction that a text would answer (Safer-Instruct, Shi et al. 2024, stages 1 and
 * 2): a model tuned to do it, or any chat model asked for it.
 */
@NullMarked
package org.alignment4j.data.induction;

import org.jspecify.annotations.NullMarked;
