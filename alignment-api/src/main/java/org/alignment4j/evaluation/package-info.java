/** Refusal judges, rates with intervals and before/after tables. */
@NullMarked
package org.alignment4j.evaluation;

import org.jspecify.annotations.NullMarked;
