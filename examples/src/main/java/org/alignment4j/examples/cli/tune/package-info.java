/** Commands {@code tune} and {@code split}: ACTOR and learning from preferences. */
@NullMarked
package org.alignment4j.examples.cli.tune;

import org.jspecify.annotations.NullMarked;
