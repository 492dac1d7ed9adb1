/** Adaptive system prompts for frozen models (Sysformer). Nothing is implemented here yet. */
@NullMarked
package org.alignment4j.sysformer;

import org.jspecify.annotations.NullMarked;
