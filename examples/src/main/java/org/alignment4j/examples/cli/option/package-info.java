/** Options shared by several commands, and the check of the files that options name. */
@NullMarked
package org.alignment4j.examples.cli.option;

import org.jspecify.annotations.NullMarked;
