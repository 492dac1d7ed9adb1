/** Readers and writers of evaluation and training text. */
@NullMarked
package org.alignment4j.data;

import org.jspecify.annotations.NullMarked;
