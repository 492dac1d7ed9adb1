/** The one training loop: AdamW, schedules, checkpoints, progress. */
@NullMarked
package org.alignment4j.train;

import org.jspecify.annotations.NullMarked;
