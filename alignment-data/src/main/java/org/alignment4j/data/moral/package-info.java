/**
 * Moral self-correction (Ganguli et al. 2023, arXiv 2302.07459): three experiments with the same
 * questions asked plainly, with an instruction to be unbiased, and with reasoning before the
 * answer; their scores and statistics; and the instruction as a guard.
 */
@NullMarked
package org.alignment4j.data.moral;

import org.jspecify.annotations.NullMarked;
