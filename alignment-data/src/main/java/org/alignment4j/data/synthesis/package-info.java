/**
 * Preference data from texts, without annotators (Safer-Instruct, Shi et al. 2024, arXiv
 * 2311.08685): an inducer finds the instruction that a text would answer, judges and rules decide
 * what is kept, an expert writes the answer to prefer.
 */
@NullMarked
package org.alignment4j.data.synthesis;

import org.jspecify.annotations.NullMarked;
