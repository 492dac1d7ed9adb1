/** The training loop with AdamW, learning rate schedules, checkpoints and progress. */
@NullMarked
package org.alignment4j.train;

import org.jspecify.annotations.NullMarked;
