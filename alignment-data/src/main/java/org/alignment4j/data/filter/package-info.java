/**
 * Filters of texts and instructions by duplicates, evaluation sets, personal data and licences
 * (Safer-Instruct, Shi et al. 2024, stages 0 and 3). Each can be used alone; none needs a model.
 */
@NullMarked
package org.alignment4j.data.filter;

import org.jspecify.annotations.NullMarked;
