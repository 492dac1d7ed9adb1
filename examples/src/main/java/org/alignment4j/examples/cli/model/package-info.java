/** Commands that run, show, check or time a checkpoint. */
@NullMarked
package org.alignment4j.examples.cli.model;

import org.jspecify.annotations.NullMarked;
