/** Adaptive system prompts for frozen models (Sysformer, arXiv 2506.15751). */
@NullMarked
package org.alignment4j.sysformer;

import org.jspecify.annotations.NullMarked;
