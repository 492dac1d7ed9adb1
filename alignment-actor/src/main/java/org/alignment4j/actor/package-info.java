/** ACTOR: finds a model's refusal direction and tunes one block against over-refusal. */
@NullMarked
package org.alignment4j.actor;

import org.jspecify.annotations.NullMarked;
