/** Edits of the residual stream fitted in closed form to hidden states of classes of prompts. */
@NullMarked
package org.alignment4j.steering;

import org.jspecify.annotations.NullMarked;
