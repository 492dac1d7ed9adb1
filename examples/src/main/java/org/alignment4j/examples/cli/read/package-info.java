/** Commands that read or change hidden states: probe, read, capture and steer. */
@NullMarked
package org.alignment4j.examples.cli.read;

import org.jspecify.annotations.NullMarked;
