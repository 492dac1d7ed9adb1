/**
 * Induction of the instruction to which a text would be the answer (Safer-Instruct, Shi et al.
 * 2024, stages 1 and 2): by a model tuned for it, or by prompting any chat model.
 */
@NullMarked
package org.alignment4j.data.induction;

import org.jspecify.annotations.NullMarked;
