/**
 * Preference synthesis (Safer-Instruct, Shi et al. 2024): learning and inducing the instructions
 * behind texts, and what is kept of texts and instructions. Every piece can be used alone; those
 * that keep or drop need no model.
 */
@NullMarked
package org.alignment4j.data.synthesis;

import org.jspecify.annotations.NullMarked;
