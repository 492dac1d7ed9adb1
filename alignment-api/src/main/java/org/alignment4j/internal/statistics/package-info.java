/** Statistics used by the methods, in float64. Internal: may change at any time. */
@NullMarked
package org.alignment4j.internal.statistics;

import org.jspecify.annotations.NullMarked;
