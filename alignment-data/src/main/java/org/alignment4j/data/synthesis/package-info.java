/**
 * Preference data from texts, without annotators (Safer-Instruct, Shi et al. 2024, arXiv
 * 2311.08685): an inducer finds the instruction to which a text would be the answer, rules and
 * judges filter the instructions, an expert writes the chosen response.
 */
@NullMarked
package org.alignment4j.data.synthesis;

import org.jspecify.annotations.NullMarked;
