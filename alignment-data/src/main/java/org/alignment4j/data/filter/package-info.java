/**
 * What is kept of texts and instructions: duplicates, evaluation sets, personal data, licences and
 * cheap rules (Safer-Instruct, Shi et al. 2024, stage 3). Every piece can be used alone; none needs
 * a model.
 */
@NullMarked
package org.alignment4j.data.filter;

import org.jspecify.annotations.NullMarked;
