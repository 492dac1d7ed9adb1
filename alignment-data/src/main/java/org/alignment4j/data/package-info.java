/** Readers and writers of prompts, preference data and source texts. */
@NullMarked
package org.alignment4j.data;

import org.jspecify.annotations.NullMarked;
