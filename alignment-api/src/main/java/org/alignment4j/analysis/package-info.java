/** Host-side statistics in float64. */
@NullMarked
package org.alignment4j.analysis;

import org.jspecify.annotations.NullMarked;
