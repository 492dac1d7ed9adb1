/** The commands that use, show, check or time a checkpoint as it is. */
@NullMarked
package org.alignment4j.examples.cli.model;

import org.jspecify.annotations.NullMarked;
