/**
 * Statistics that methods compute with, in float64 over ND4J. Not for users: may change at any
 * time.
 */
@NullMarked
package org.alignment4j.internal.statistics;

import org.jspecify.annotations.NullMarked;
