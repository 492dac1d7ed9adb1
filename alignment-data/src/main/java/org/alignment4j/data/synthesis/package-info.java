/**
 * The text side of preference synthesis (Safer-Instruct, Shi et al. 2024): what is kept of texts
 * and instructions, and where it came from. Every piece can be used alone; none needs a model.
 */
@NullMarked
package org.alignment4j.data.synthesis;

import org.jspecify.annotations.NullMarked;
