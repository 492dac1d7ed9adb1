/** Statistics in float64, computed on the CPU: intervals, tests, ROC curves and linear probes. */
@NullMarked
package org.alignment4j.analysis;

import org.jspecify.annotations.NullMarked;
